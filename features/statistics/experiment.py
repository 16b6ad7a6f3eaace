"""What a randomised comparison says: SQL returns sums, these frozen dataclasses compute.

`compare` compares a treated arm's statistic with the control's. Each kind has one test, and both
intervals, of the difference and of the ratio, are what that test does not reject: for rates that of
Miettinen and Nurminen (`score.py`), for means that of Welch and Fieller (`fieller.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from features.statistics import fieller, score
from features.statistics.arms import Mean, Proportion

CARRIERS_MIN = 10  # a mean's sum must rest on this many people

Method = Literal["score", "t"]
Lack = Literal["people", "sum", "carriers", "spread"]


@dataclass(frozen=True)
class Difference:
    """Treated minus control, in the statistic's own unit, with a 95 % interval."""

    treated: float
    control: float
    value: float
    standard_error: float | None  # unpooled; none where neither arm has any spread
    low: float
    high: float
    p_value: float  # two-sided, that there is no difference
    relative: float | None  # value / control; none where the control is zero
    relative_low: float  # at least -1
    relative_high: float | None  # none where it has no upper end
    method: Method


def lack(arm: Mean) -> Lack | None:
    """Return what an arm lacks for its mean to be compared; none when it lacks nothing.

    Where nobody, hardly anybody, or everybody alike brought something, the variance is not a usable
    estimate: the interval would be narrower than the data allow.
    """
    if arm.count < CARRIERS_MIN:
        return "people"
    if not arm.total:
        return "sum"
    if not arm.variance:
        return "spread"
    return "carriers" if arm.carriers < CARRIERS_MIN else None


def compare(treated: Proportion | Mean, control: Proportion | Mean) -> Difference:
    """Compare a treated arm's statistic with the control's, which must be of the same kind.

    Raises:
        ValueError: two means of which one has no spread.
    """
    if isinstance(treated, Proportion) and isinstance(control, Proportion):
        return _difference(
            treated,
            control,
            score.difference_interval(treated, control),
            score.ratio_interval(treated, control),
            score.p_value(treated, control),
            "score",
        )
    if isinstance(treated, Mean) and isinstance(control, Mean):
        if not (treated.variance and control.variance):
            raise ValueError("a mean without spread has no interval")
        return _difference(
            treated,
            control,
            fieller.difference_interval(treated, control),
            fieller.ratio_interval(treated, control),
            fieller.p_value(treated, control),
            "t",
        )
    raise TypeError(f"{type(treated).__name__} and {type(control).__name__} cannot be compared")


def _difference(
    treated: Proportion | Mean,
    control: Proportion | Mean,
    absolute: tuple[float, float],
    ratio: tuple[float, float | None],
    p_value: float,
    method: Method,
) -> Difference:
    value, (least, most) = treated.value - control.value, ratio
    error = math.sqrt(treated.variance_of_value + control.variance_of_value)
    return Difference(
        treated=treated.value,
        control=control.value,
        value=value,
        standard_error=error or None,
        low=absolute[0],
        high=absolute[1],
        p_value=p_value,
        relative=value / control.value if control.value else None,
        relative_low=least - 1,
        relative_high=None if most is None else most - 1,
        method=method,
    )
