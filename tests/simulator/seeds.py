"""The simulator's seeds: some are the same for ever, others change with the date."""

from __future__ import annotations

import random
from datetime import UTC, datetime

FIXED, DATED = 15, 5  # of one run of the tests
FIXED_MAX = 1_000  # those below are never a day's


def today() -> str:
    """Return the date (UTC) as it names a day's seeds."""
    return f"{datetime.now(UTC):%Y-%m-%d}"


def seeds_of(day: str, count: int) -> list[int]:
    """Return `count` seeds that differ from day to day, all above those that are fixed."""
    draw = random.Random(day)
    return [draw.randrange(FIXED_MAX, 2**32) for _ in range(count)]
