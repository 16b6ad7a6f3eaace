"""Treated people whom a launch leaves out, and how many they are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class LeftOutSince:
    """A treated person whom launching leaves out.

    Attributes:
        person: who.
        reason: why, one of `selection.REASONS`.
        at: the launch that left them out.
        grant_sent: whether their grant had been sent before, so that only the contact is left out.
    """

    person: str
    reason: str
    at: datetime
    grant_sent: bool


def by_reason(found: Sequence[LeftOutSince]) -> dict[str, int]:
    """Return how many people were left out, by reason."""
    return dict(sorted(Counter(person.reason for person in found).items()))
