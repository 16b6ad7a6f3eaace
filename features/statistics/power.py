"""What can be found: power, the smallest effect, how many people, how many days.

An arm is planned by its people, and by the mean and variance of the metric in the audience's past.
Arms are of equal variance. The functions named `t_...` use the noncentral t distribution, the
others the normal one. `widening` is how much wider than a single look's the intervals of a
sequential reading are; the power is then what one look has, at most what all of them have.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scipy.optimize import brentq
from scipy.special import nctdtr, ndtr

from features.statistics.contrast import ALPHA, Alternative, upper_quantile

if TYPE_CHECKING:
    from collections.abc import Callable

POWER = 0.8
DAYS_MIN = 3  # a weekday alone is no week


@dataclass(frozen=True)
class Plan:
    """A metric's mean and variance per person, and the people of each arm."""

    mean: float
    variance: float
    treated: float
    control: float

    @property
    def error(self) -> float:
        """The standard error of the difference."""
        return math.sqrt(self.variance * (1 / self.treated + 1 / self.control))

    def lift_error(self, lift: float) -> float:
        """Return the standard error of a lift, which grows with it (delta method)."""
        parts = 1 / self.treated + (1 + lift) ** 2 / self.control
        return math.sqrt(self.variance * parts) / abs(self.mean)


def power(effect: float, error: float, alpha: float = ALPHA, widening: float = 1.0) -> float:
    """Return the chance that a two-sided test finds `effect`, whose standard error is `error`."""
    z, shift = upper_quantile(alpha / 2), effect / (error * widening)
    return float(ndtr(shift - z) + ndtr(-shift - z))


def smallest_effect(
    error: float, alpha: float = ALPHA, target: float = POWER, widening: float = 1.0
) -> float:
    """Return the smallest difference that is found with power `target`."""
    return _rising(lambda shift: power(shift, 1.0, alpha) - target) * error * widening


def smallest_lift(
    plan: Plan, alpha: float = ALPHA, target: float = POWER, widening: float = 1.0
) -> float | None:
    """Return the smallest lift that is found with power `target`; none if not any is.

    The standard error grows with the lift, so with too few people no lift however large is found.
    The other tail is left out, as GrowthBook does.
    """
    k = (upper_quantile(alpha / 2) + upper_quantile(1 - target)) * widening
    square = k * k * plan.variance / plan.mean**2
    # x^2 = square (1 / treated + (1 + x)^2 / control)
    a = 1 - square / plan.control
    if a <= 0:
        return None
    b = square / plan.control
    c = square * (1 / plan.treated + 1 / plan.control)
    return (b + math.sqrt(b * b + a * c)) / a


def sample_size(
    effect: float,
    variance: float,
    *,
    alpha: float = ALPHA,
    target: float = POWER,
    ratio: float = 1.0,
    treated_variance: float | None = None,
) -> float:
    """Return how many people of both arms together find a difference with power `target`.

    Args:
        effect: the difference.
        variance: per person, of the control.
        alpha: of the two-sided test.
        target: the power.
        ratio: treated people for each of the control.
        treated_variance: of the treated, if another.
    """
    z = upper_quantile(alpha / 2) + upper_quantile(1 - target)
    per_control = variance + (variance if treated_variance is None else treated_variance) / ratio
    return (1 + ratio) * z * z * per_control / (effect * effect)


def rate_sample_size(
    rate: float, effect: float, *, alpha: float = ALPHA, target: float = POWER, ratio: float = 1.0
) -> float:
    """Return how many people of both arms together find a rate that is `effect` higher."""
    higher = rate + effect
    return sample_size(
        effect,
        rate * (1 - rate),
        alpha=alpha,
        target=target,
        ratio=ratio,
        treated_variance=higher * (1 - higher),
    )


def t_power(
    effect: float, plan: Plan, alpha: float = ALPHA, alternative: Alternative = "two-sided"
) -> float:
    """Return the chance that a t test finds the difference `effect`."""
    freedom, shift = plan.treated + plan.control - 2, effect / plan.error
    if alternative == "two-sided":
        t = upper_quantile(alpha / 2, freedom)
        return _above(freedom, shift, t) + _above(freedom, -shift, t)
    t = upper_quantile(alpha, freedom)
    return _above(freedom, shift if alternative == "greater" else -shift, t)


def t_smallest_effect(
    plan: Plan,
    alpha: float = ALPHA,
    target: float = POWER,
    alternative: Alternative = "two-sided",
) -> float:
    """Return the smallest difference a t test finds with power `target`; a fall is negative."""
    sign = -1 if alternative == "less" else 1
    error = plan.error
    size = _rising(lambda shift: t_power(sign * shift * error, plan, alpha, alternative) - target)
    return sign * size * error


def t_sample_size(
    effect: float,
    variance: float,
    *,
    alpha: float = ALPHA,
    target: float = POWER,
    ratio: float = 1.0,
    alternative: Alternative = "two-sided",
) -> int:
    """Return how many people of both arms together a t test needs, rounded up."""

    def lacks(more: float) -> float:
        control = (least + more) / (1 + ratio)
        plan = Plan(0.0, variance, control * ratio, control)
        return t_power(effect, plan, alpha, alternative) - target

    least = 2.5  # people, for a degree of freedom
    return math.ceil(least + _rising(lacks))


def days_left(
    effect: float,
    error: float,
    people: int,
    people_a_day: float,
    *,
    alpha: float = ALPHA,
    target: float = POWER,
    metrics: int = 1,
    widening: float = 1.0,
) -> float | None:
    """Return the days until `effect` is found with power `target`; none if nobody arrives.

    Args:
        effect: the difference or lift to be found.
        error: its standard error now.
        people: of both arms now.
        people_a_day: who arrive.
        alpha: of the two-sided test, of all metrics together.
        target: the power to find all of them.
        metrics: how many are goals.
        widening: see above.
    """
    goal, level = target ** (1 / metrics), alpha / metrics
    needed = smallest_effect(1.0, level, goal, widening)
    more = people * max(0.0, (needed * error / abs(effect)) ** 2 - 1)
    if not more:
        return 0.0
    return more / people_a_day if people_a_day > 0 else None


def _rising(lacks: Callable[[float], float]) -> float:
    """Return where a rising function is zero, from 0 on; 0 if it is above zero there."""
    if lacks(0.0) >= 0:
        return 0.0
    most = 1.0
    while lacks(most) < 0:
        most *= 2
    return float(brentq(lacks, 0.0, most, xtol=1e-12))


def _above(freedom: float, shift: float, t: float) -> float:
    """Return the chance that a noncentral t lies above `t`."""
    found = float(nctdtr(freedom, -shift, -t))
    return 0.0 if math.isnan(found) else found  # scipy has none for the tiniest
