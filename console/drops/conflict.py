"""What comes too late."""

from __future__ import annotations

from console.reports.basis import LocalizedError


class ConflictError(LocalizedError):
    """What somebody wants to do does not fit what was done, by them or others, meanwhile."""
