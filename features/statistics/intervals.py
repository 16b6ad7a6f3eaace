"""Intervals by name, as others publish them: to compare with, not to show side by side.

An interval of the difference here and one of the lift there come from different tests, and may
contradict each other about zero; `experiment.compare` is for what is shown. `exact` has those for
small counts, `score` Koopman's and those of Miettinen and Nurminen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from features.statistics.contrast import (
    ALPHA,
    Alternative,
    Contrast,
    degrees,
    p_value,
    upper_quantile,
)

if TYPE_CHECKING:
    from features.statistics.arms import Proportion, Statistic


@dataclass(frozen=True)
class Interval:
    """An estimate, and where it may lie; one that is one-sided lacks an end."""

    value: float
    standard_error: float
    low: float | None
    high: float | None
    p_value: float


def difference(
    contrast: Contrast, alpha: float = ALPHA, alternative: Alternative = "two-sided"
) -> Interval:
    """Return the t interval of the difference (Welch)."""
    error = contrast.standard_error
    return _interval(contrast.difference, error, contrast.degrees, alpha, alternative)


def lift(
    contrast: Contrast, alpha: float = ALPHA, alternative: Alternative = "two-sided"
) -> Interval:
    """Return the t interval of the lift by the delta method, as GrowthBook's.

    Its degrees of freedom are those of the difference.

    Raises:
        ValueError: the control is zero.
    """
    error = contrast.lift_error
    value = contrast.difference / abs(contrast.control)
    return _interval(value, error, contrast.degrees, alpha, alternative)


def log_lift(treated: Statistic, control: Statistic, alpha: float = ALPHA) -> Interval:
    """Return the t interval of the lift on the scale of its logarithm: never below -100 %.

    Raises:
        ValueError: an arm's value is not above zero.
    """
    if min(treated.value, control.value) <= 0:
        raise ValueError("the logarithm of a ratio needs two values above zero")
    parts = [(arm.variance_of_value / arm.value**2, arm.count) for arm in (treated, control)]
    log, error = math.log(treated.value / control.value), math.sqrt(parts[0][0] + parts[1][0])
    found = _interval(log, error, degrees(*parts), alpha, "two-sided")
    low, high = (math.expm1(end) for end in (found.low, found.high) if end is not None)
    ratio = treated.value / control.value
    return Interval(ratio - 1, ratio * error, low, high, found.p_value)


def pooled(treated: Statistic, control: Statistic, alpha: float = ALPHA) -> Interval:
    """Return Student's interval of the difference, both arms having one variance."""
    freedom = treated.count + control.count - 2
    squares = sum(arm.variance_of_value * arm.count * (arm.count - 1) for arm in (treated, control))
    error = math.sqrt(squares / freedom * (1 / treated.count + 1 / control.count))
    return _interval(treated.value - control.value, error, freedom, alpha, "two-sided")


def wald(treated: Proportion, control: Proportion, alpha: float = ALPHA) -> Interval:
    """Return the normal interval of the difference of two rates."""
    error = math.sqrt(treated.variance_of_value + control.variance_of_value)
    return _interval(treated.value - control.value, error, math.inf, alpha, "two-sided")


def agresti_caffo(
    treated: Proportion, control: Proportion, alpha: float = ALPHA
) -> tuple[float, float]:
    """Return the normal interval after one success and one failure are added to each arm (2000)."""
    counts = [(arm.successes + 1, arm.trials + 2) for arm in (treated, control)]
    rates = [(x / n, n) for x, n in counts]
    half = upper_quantile(alpha / 2) * math.sqrt(sum(p * (1 - p) / n for p, n in rates))
    middle = rates[0][0] - rates[1][0]
    return middle - half, middle + half


def newcombe(treated: Proportion, control: Proportion, alpha: float = ALPHA) -> tuple[float, float]:
    """Return the hybrid of both arms' score intervals (1998, method 10)."""
    (low_1, high_1), (low_0, high_0) = wilson(treated, alpha), wilson(control, alpha)
    p_1, p_0 = treated.value, control.value
    found = p_1 - p_0
    return (
        found - math.hypot(p_1 - low_1, high_0 - p_0),
        found + math.hypot(high_1 - p_1, p_0 - low_0),
    )


def wilson(arm: Proportion, alpha: float = ALPHA) -> tuple[float, float]:
    """Return the score interval of one rate (1927)."""
    square, n = upper_quantile(alpha / 2) ** 2, arm.trials
    middle = (arm.successes + square / 2) / (n + square)
    half = math.sqrt(square * (arm.value * (1 - arm.value) * n + square / 4)) / (n + square)
    return max(0.0, middle - half), min(1.0, middle + half)


def _interval(
    value: float, error: float, freedom: float, alpha: float, alternative: Alternative
) -> Interval:
    half = upper_quantile(alpha / 2 if alternative == "two-sided" else alpha, freedom) * error
    return Interval(
        value=value,
        standard_error=error,
        low=None if alternative == "less" else value - half,
        high=None if alternative == "greater" else value + half,
        p_value=p_value(value / error, freedom, alternative),
    )
