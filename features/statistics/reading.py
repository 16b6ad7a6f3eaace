"""How an effect is read while its experiment runs, by the design that was chosen before it began.

- fixed: once, at its end; who looks before and acts on it is wrong more often than promised.
- group-sequential: at looks on the way to a planned end (`group_sequential`).
- always-valid: at any time, without an end (`always_valid`).

Each gives the level of the ordinary test at this look, from which all intervals come, and what the
looks so far have shown. What one of them has shown is decided, whatever comes after.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Literal

from features.statistics import always_valid, exact, group_sequential
from features.statistics.arms import Mean, Proportion, Quantile, Ratio
from features.statistics.contrast import ALPHA, between
from features.statistics.experiment import is_small, lack
from features.statistics.score import p_value

if TYPE_CHECKING:
    from collections.abc import Sequence

Design = Literal["fixed", "group-sequential", "always-valid"]
TUNING = 1_000.0  # people of both arms who did it, at which an always-valid reading is tightest
UNCLEAR = 0.2  # by the score test: no exact test is asked beyond it


@dataclass(frozen=True)
class Seen:
    """Both arms at one look."""

    treated: Proportion | Mean | Ratio | Quantile
    control: Proportion | Mean | Ratio | Quantile
    did: int  # people of both arms who did it, or brought anything
    share: float  # of the planned time

    @property
    def information(self) -> float:
        """How much is known, in people who did it, and more as they get to be all.

        It grows rightly where all are there from the start and do it in time, and where people come
        in time and do it at once.
        """
        did = max(1, self.did)
        return did / max(1 - did / (self.treated.count + self.control.count), 1e-9)

    @cached_property
    def p_value(self) -> float | None:
        """The two-sided p-value of the ordinary test; none where nothing can be compared."""
        if isinstance(self.treated, Proportion) and isinstance(self.control, Proportion):
            found = p_value(self.treated, self.control)
            if found < UNCLEAR and is_small(self.treated, self.control):
                return exact.p_value(self.treated, self.control)
            return found
        arms = (self.treated, self.control)
        if any(isinstance(arm, Proportion) or lack(arm) for arm in arms):
            return None
        return between(self.treated, self.control).p_value()

    @property
    def sign(self) -> int:
        """Which arm has more: 1 the treated, -1 the control."""
        return int(math.copysign(1, self.treated.value - self.control.value))


@dataclass(frozen=True)
class Reading:
    """What the looks so far come to."""

    alpha: float  # the level of the ordinary test now, for intervals
    found: int  # 1 where the first look that showed an effect showed a rise, -1 a fall, 0 none did
    look: int | None  # which look it was, from 1 on
    level: float  # of all looks together


NONE = Reading(ALPHA, 0, None, ALPHA)  # of what nobody could be seen in yet


def read_looks(
    seen: Sequence[Seen], design: Design, alpha: float = ALPHA, tuning: float = TUNING
) -> Reading:
    """Read the looks so far; the last is now.

    Args:
        seen: both arms at each look, in the order of time.
        design: how it is read.
        alpha: of all looks together.
        tuning: of an always-valid reading, which is chosen before and never changed.
    """
    levels = _levels(seen, design, alpha, tuning)
    for number, (one, level) in enumerate(zip(seen, levels, strict=True), 1):
        p = one.p_value if level else None
        if p is not None and p < level:
            return Reading(levels[-1], one.sign, number, alpha)
    return Reading(levels[-1], 0, None, alpha)


def _levels(seen: Sequence[Seen], design: Design, alpha: float, tuning: float) -> list[float]:
    """Return the level of the ordinary test at each look; 0 where nothing may be shown."""
    if design == "fixed":
        return [0.0] * (len(seen) - 1) + [alpha]
    information = list(accumulate((one.information for one in seen), max))
    if design == "always-valid":
        rho2 = always_valid.rho_squared(tuning, alpha)
        return [always_valid.nominal_alpha(one, rho2, alpha) for one in information]
    looks = group_sequential.looks([one.share for one in seen], alpha, seen=information)
    return [look.nominal_alpha for look in looks]
