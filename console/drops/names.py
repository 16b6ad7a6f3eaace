"""The ids of a drop's events: the same at every launch, so that none counts twice."""

from __future__ import annotations

SOURCE = "flowdrop/console"


def grant_id(drop: str, person: str) -> str:
    """Return the id of the grant of `drop` to `person`, the same at every launch."""
    return f"drop/{drop}/grant/{person}"
