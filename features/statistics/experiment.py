"""What a randomised comparison says: SQL returns sums, these frozen dataclasses compute.

`compare` compares a treated arm's statistic with the control's. Each kind has one test, and both
intervals, of the difference and of the lift, are what that test does not reject: for rates that of
Miettinen and Nurminen (`score.py`), for all else that of Welch and Fieller (`contrast.py`). For
small counts `compare_exactly` has the same for rates without any curve (`exact.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from features.statistics import exact, score
from features.statistics.arms import CARRIERS_MIN, Mean, Proportion, Quantile, Ratio, Statistic
from features.statistics.contrast import ALPHA, Contrast, between, upper_quantile

EXPECTED_MIN = 5  # people of an arm who do it, and who do not: with fewer no curve is trusted
TABLES_MAX = 20_000  # an exact test's: about two seconds

Method = Literal["score", "exact", "t"]
Lack = Literal["people", "sum", "carriers", "spread", "sides"]


@dataclass(frozen=True)
class Difference:
    """Treated minus control, in the statistic's own unit, with an interval of 1 - alpha."""

    treated: float
    control: float
    value: float
    standard_error: float | None  # unpooled; none where neither arm has any spread
    low: float
    high: float
    p_value: float  # two-sided, that there is no difference
    relative: float | None  # value / |control|; none where the control is zero
    relative_low: float | None  # none where it has no lower end; at least -1 if none is below zero
    relative_high: float | None  # none where it has no upper end
    method: Method


def is_small(treated: Proportion, control: Proportion) -> bool:
    """Return whether counts are small: were the rates equal, few of an arm would be of a kind.

    With more tables than `TABLES_MAX` no exact test is made.
    """
    if (treated.trials + 1) * (control.trials + 1) > TABLES_MAX:
        return False
    did, people = treated.successes + control.successes, treated.trials + control.trials
    fewest = min(treated.trials, control.trials)
    return fewest * min(did, people - did) < EXPECTED_MIN * people


def compare_exactly(
    treated: Proportion, control: Proportion, *, alpha: float = ALPHA
) -> Difference:
    """Compare two rates by an exact test, which keeps its level whatever the counts."""
    return _rates(
        treated,
        control,
        exact.difference_interval(treated, control, alpha),
        exact.ratio_interval(treated, control, alpha),
        exact.p_value(treated, control),
        "exact",
    )


def lack(arm: Mean | Ratio | Quantile) -> Lack | None:
    """Return what an arm lacks for its statistic to be compared; none when it lacks nothing.

    Where nobody, hardly anybody, or everybody alike brought something, the variance is not a usable
    estimate: the interval would be narrower than the data allow.
    """
    if isinstance(arm, Quantile):
        return "sides" if arm.lacks_people or not arm.variance_of_value else None
    if arm.count < CARRIERS_MIN:
        return "people"
    if not arm.total:
        return "sum"
    if not arm.variance:
        return "spread"
    return "carriers" if arm.carriers < CARRIERS_MIN else None


def compare(treated: Statistic, control: Statistic, *, alpha: float = ALPHA) -> Difference:
    """Compare a treated arm's statistic with the control's, which must be of the same kind.

    Args:
        treated: of the treated arm.
        control: of the control arm.
        alpha: of the two-sided test at this look; sequential designs give their nominal one.

    Raises:
        ValueError: two means of which one has no spread.
    """
    if type(treated) is not type(control):
        raise TypeError(f"{type(treated).__name__} and {type(control).__name__} cannot be compared")
    if isinstance(treated, Proportion) and isinstance(control, Proportion):
        return _by_score(treated, control, alpha)
    if not (treated.variance_of_value and control.variance_of_value):
        raise ValueError("a mean without spread has no interval")
    return read(between(treated, control), alpha=alpha)


def read(contrast: Contrast, *, alpha: float = ALPHA) -> Difference:
    """Read a contrast, such as one adjusted for the past, by its t statistic."""
    bound = contrast.bound(alpha)
    low, high = contrast.difference_interval(bound)
    relative_low, relative_high = contrast.lift_interval(bound)
    return Difference(
        treated=contrast.control + contrast.difference,
        control=contrast.control,
        value=contrast.difference,
        standard_error=contrast.standard_error,
        low=low,
        high=high,
        p_value=contrast.p_value(),
        relative=contrast.lift,
        relative_low=relative_low,
        relative_high=relative_high,
        method="t",
    )


def _by_score(treated: Proportion, control: Proportion, alpha: float) -> Difference:
    z = upper_quantile(alpha / 2)
    return _rates(
        treated,
        control,
        score.difference_interval(treated, control, z),
        score.ratio_interval(treated, control, z),
        score.p_value(treated, control),
        "score",
    )


def _rates(
    treated: Proportion,
    control: Proportion,
    difference: tuple[float, float],
    ratio: tuple[float, float | None],
    p_value: float,
    method: Method,
) -> Difference:
    low, high = difference
    least, most = ratio
    value = treated.value - control.value
    error = math.sqrt(treated.variance_of_value + control.variance_of_value)
    return Difference(
        treated=treated.value,
        control=control.value,
        value=value,
        standard_error=error or None,
        low=low,
        high=high,
        p_value=p_value,
        relative=value / control.value if control.value else None,
        relative_low=least - 1,
        relative_high=None if most is None else most - 1,
        method=method,
    )
