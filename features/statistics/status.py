"""What may be said of an effect today, in one of a few kinds: a pure decision over results."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from features.statistics.power import DAYS_MIN

CONVERSIONS_MIN = 10  # of both arms: with fewer, intervals are no guide yet

Kind = Literal["blocked", "too_early", "days_needed", "works", "harms", "no_larger"]


@dataclass(frozen=True)
class Now:
    """An effect today, read by the design that was chosen: its interval allows for the looks."""

    low: float  # of the difference, above zero where the treated have more
    high: float
    days: int  # since the first assignment
    over: bool  # the planned end has come
    found: int | None = None  # 1 where a look showed a rise, -1 a fall; by the interval if not told
    healthy: bool = True  # the sample ratio and the arms before are as drawn
    events: int | None = None  # conversions of both arms; none where the metric has no such count
    higher_is_better: bool = True
    smallest: float | None = None  # the least difference that matters
    days_left: float | None = None  # until `smallest` is found; none if not known


@dataclass(frozen=True)
class Status:
    """What may be said, and the number that belongs to it."""

    kind: Kind
    days: int | None = None  # still needed, if known
    difference: float | None = None  # than which the effect is not larger, whichever way it goes


def status(now: Now) -> Status:
    """Return what may be said today: the first of these that holds.

    - blocked: the arms are not what was drawn, so that nothing may be said
    - too early: too few days have passed, or too little has happened
    - works, or harms: a look has shown it
    - no larger: the difference, if there is any, would not matter; or that is how it ended
    - days needed: to the difference that would matter, or to the planned end
    """
    if not now.healthy:
        return Status("blocked")
    few = now.events is not None and now.events < CONVERSIONS_MIN
    if not now.over and (now.days < DAYS_MIN or few):
        return Status("too_early", days=max(1, DAYS_MIN - now.days))
    found = (now.low > 0) - (now.high < 0) if now.found is None else now.found
    if found:
        return Status("works" if (found > 0) == now.higher_is_better else "harms")
    largest = max(-now.low, now.high)
    if now.over or (now.smallest is not None and largest <= now.smallest):
        return Status("no_larger", difference=largest)
    days = None if now.days_left is None else max(1, math.ceil(now.days_left))
    return Status("days_needed", days=days)
