"""Two rates compared by one score statistic (Miettinen and Nurminen 1985).

For a supposed difference or ratio of the rates, the statistic is the deviation from it over its
standard error, with the maximum-likelihood rates under it and the factor N / (N - 1). An interval
is all that the statistic does not reject. At no difference, which is a ratio of one, both are the
same number, so that the two intervals and the p-value agree about zero, whatever the counts.

Without the factor the ratio's interval is Koopman's (1984), the difference's Mee's (1984).

Only lower bounds are computed: an upper one is the lower one with the arms exchanged.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

if TYPE_CHECKING:
    from collections.abc import Callable

    from features.statistics.arms import Proportion

CONFIDENCE = 0.95
Z = float(ndtri((1 + CONFIDENCE) / 2))

_HALVINGS = 60  # of an interval within [0, 1]: to the last digit of a float
_EXACT = 1e-15  # how closely a bound is located
_MOST = 1e6  # an infinite statistic, to look for a root by


def z_of_no_difference(treated: Proportion, control: Proportion) -> float:
    """Return the statistic of equal rates, above zero where the treated rate is the higher."""
    n_1, n_0 = treated.trials, control.trials
    pooled = (treated.successes + control.successes) / (n_1 + n_0)
    return _deviation(
        treated.value - control.value,
        pooled * (1 - pooled) * (1 / n_1 + 1 / n_0),
        n_1 + n_0,
    )


def p_value(treated: Proportion, control: Proportion) -> float:
    """Return the two-sided p-value of equal rates."""
    return float(2 * ndtr(-abs(z_of_no_difference(treated, control))))


def difference_interval(
    treated: Proportion, control: Proportion, z: float = Z
) -> tuple[float, float]:
    """Return the interval of treated - control, within -1 and 1, that `z` does not reject."""
    return _least_difference(treated, control, z), -_least_difference(control, treated, z)


def ratio_interval(
    treated: Proportion, control: Proportion, z: float = Z
) -> tuple[float, float | None]:
    """Return the interval of treated / control; none above when it has no upper end."""
    turned = _least_ratio(control, treated, z)
    return _least_ratio(treated, control, z), 1 / turned if turned else None


def koopman_interval(
    treated: Proportion, control: Proportion, z: float = Z
) -> tuple[float, float | None]:
    """Return the interval of treated / control without the factor N / (N - 1)."""
    people = treated.trials + control.trials
    return ratio_interval(treated, control, z * math.sqrt((people - 1) / people))


def _least_difference(treated: Proportion, control: Proportion, z: float) -> float:
    found = treated.value - control.value
    if found == -1:
        return -1.0

    def beyond(difference: float) -> float:
        return _z_of_difference(treated, control, difference) - z

    if z_of_no_difference(treated, control) > z:
        return _turning(beyond, 0.0, found)
    return _turning(beyond, -1 + _EXACT, min(0.0, found))


def _least_ratio(treated: Proportion, control: Proportion, z: float) -> float:
    if treated.successes == 0:
        return 0.0
    # Located by share: a ratio of one is at a half, and an infinite ratio at one.
    found = treated.value / (treated.value + control.value)

    def beyond(share: float) -> float:
        return _z_of_ratio(treated, control, share / (1 - share)) - z

    if z_of_no_difference(treated, control) > z:
        share = _turning(beyond, 0.5, min(found, 1 - _EXACT))
    else:
        share = _turning(beyond, _EXACT, min(found, 0.5))
    return share / (1 - share)


def _turning(beyond: Callable[[float], float], low: float, high: float) -> float:
    """Return where a falling function is zero, clamped to the ends: no rounding leads past them."""
    if beyond(low) <= 0:
        return low
    if beyond(high) >= 0:
        return high
    return float(brentq(lambda place: min(beyond(place), _MOST), low, high, xtol=_EXACT))


def _z_of_difference(treated: Proportion, control: Proportion, difference: float) -> float:
    p_0 = _likeliest_with_difference(treated, control, difference)
    p_1 = p_0 + difference
    return _deviation(
        treated.value - control.value - difference,
        p_1 * (1 - p_1) / treated.trials + p_0 * (1 - p_0) / control.trials,
        treated.trials + control.trials,
    )


def _z_of_ratio(treated: Proportion, control: Proportion, ratio: float) -> float:
    p_0 = _likeliest_with_ratio(treated, control, ratio)
    p_1 = min(1.0, ratio * p_0)
    return _deviation(
        treated.value - ratio * control.value,
        p_1 * (1 - p_1) / treated.trials + ratio**2 * p_0 * (1 - p_0) / control.trials,
        treated.trials + control.trials,
    )


def _deviation(value: float, variance: float, people: int) -> float:
    if value == 0:
        return 0.0
    if variance <= 0:  # such rates never give these counts
        return math.copysign(math.inf, value)
    return value / math.sqrt(variance * people / (people - 1))


def _likeliest_with_difference(
    treated: Proportion, control: Proportion, difference: float
) -> float:
    """Return the control's rate of greatest likelihood when the treated is `difference` above.

    The likelihood has one maximum; its slope has the sign of a polynomial.
    """
    low, high = max(0.0, -difference), min(1.0, 1 - difference)
    for _ in range(_HALVINGS):
        p_0 = (low + high) / 2
        p_1 = p_0 + difference
        slope = p_0 * (1 - p_0) * (treated.successes - treated.trials * p_1) + (
            p_1 * (1 - p_1) * (control.successes - control.trials * p_0)
        )
        if slope > 0:
            low = p_0
        else:
            high = p_0
    return (low + high) / 2


def _likeliest_with_ratio(treated: Proportion, control: Proportion, ratio: float) -> float:
    """Return the control's rate of greatest likelihood when the treated is `ratio` times it."""
    x_1, n_1, x_0, n_0 = treated.successes, treated.trials, control.successes, control.trials
    a = (n_1 + n_0) * ratio
    b = ratio * (n_1 + x_0) + x_1 + n_0
    c = x_1 + x_0
    return min(1.0, 2 * c / (b + math.sqrt(max(0.0, b * b - 4 * a * c))))
