"""Small counts, without any curve: what tables as extreme as the one found would be worth.

Exact tests keep their level for every number of people, and so are wider than others.

`p_value`, `difference_interval` and `ratio_interval` are one test: tables are ordered by the score
statistic of Miettinen and Nurminen, and the chance of those as far out is taken at the worst rates.
At no difference, which is a ratio of one, both intervals ask the same and first of all, so that
they never contradict each other or the p-value about zero.

The worst rates of unequal arms may lie close to 0 or 1, between none of the larger arm and one: so
rates are tried at equal steps of the angle whose squared sine they are, in which a count of n
deviates by 1 / (2 √n) at every rate, and closer by where the chance is greatest.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq
from scipy.special import gammaln
from scipy.stats import barnard_exact, binomtest, boschloo_exact, fisher_exact
from scipy.stats.contingency import odds_ratio

from features.statistics.contrast import ALPHA

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from features.statistics.arms import Proportion

    Floats = NDArray[np.float64]

_STEPS = 2  # of rates that are tried, in a standard deviation of the larger arm's count
_STEPS_MIN = 64
_TOPS = 8  # of the chance over the rates, that are looked at closer
_CLOSER = np.linspace(-1, 1, 9)  # steps about a top, of which the next look's are a quarter
_LOOKS = 3
_EXACT = 1e-6  # how closely a bound is located
_TIE = 1e-9
_HALVINGS = 40
_MOST_LOG = 12.0  # of a ratio of rates: 160,000 to one
_LEAST, _EPSILON = np.finfo(float).tiny, np.finfo(float).epsneg
_NOTHING = 1e-12  # a variance so small that such rates never give other counts


def fisher(treated: Proportion, control: Proportion) -> float:
    """Return the two-sided p-value given how many did it in all (Fisher 1935)."""
    return float(fisher_exact(_table(treated, control)).pvalue)


def barnard(treated: Proportion, control: Proportion) -> float:
    """Return the two-sided p-value at the worst common rate, by the pooled z (Barnard 1945)."""
    return float(barnard_exact(_table(treated, control).T, pooled=True).pvalue)


def boschloo(treated: Proportion, control: Proportion) -> float:
    """Return the two-sided p-value at the worst common rate, by Fisher's p (Boschloo 1970)."""
    return float(boschloo_exact(_table(treated, control).T).pvalue)


def rate_interval(arm: Proportion, alpha: float = ALPHA) -> tuple[float, float]:
    """Return the exact interval of one rate (Clopper and Pearson 1934)."""
    found = binomtest(arm.successes, arm.trials).proportion_ci(1 - alpha)
    return float(found.low), float(found.high)


def odds_interval(
    treated: Proportion, control: Proportion, alpha: float = ALPHA
) -> tuple[float, float]:
    """Return the exact interval of the ratio of the odds, that of Fisher's test."""
    found = odds_ratio(_table(treated, control)).confidence_interval(1 - alpha)
    return float(found.low), float(found.high)


def difference_interval(
    treated: Proportion, control: Proportion, alpha: float = ALPHA
) -> tuple[float, float]:
    """Return the exact interval of the difference, at the worst rates (Chan and Zhang 1999).

    Tables are ordered by the score statistic of Miettinen and Nurminen. The time grows with the
    product of the arms: about .1 s for 100 people in each.
    """
    low = _least_difference(treated, control, alpha)
    return low, -_least_difference(control, treated, alpha)


def ratio_interval(
    treated: Proportion, control: Proportion, alpha: float = ALPHA
) -> tuple[float, float | None]:
    """Return the exact interval of treated / control; none above when it has no upper end."""
    turned = _least_ratio(control, treated, alpha)
    return _least_ratio(treated, control, alpha), 1 / turned if turned else None


def p_value(treated: Proportion, control: Proportion) -> float:
    """Return the two-sided p-value of equal rates, by the test of both intervals."""
    sides = (_chance_of_more(treated, control), _chance_of_more(control, treated))
    return min(1.0, 2 * min(chance(0.0) for chance in sides))


def _table(treated: Proportion, control: Proportion) -> NDArray[np.int64]:
    arms = (treated, control)
    return np.array([[arm.successes, arm.trials - arm.successes] for arm in arms])


def _least_difference(treated: Proportion, control: Proportion, alpha: float) -> float:
    found = treated.value - control.value
    chance = _chance_of_more(treated, control)
    if found > 0 and chance(0.0) < alpha / 2:
        return _least(chance, alpha, 0.0, found)
    if found == -1 or chance(-1 + _EXACT) >= alpha / 2:
        return -1.0
    return _least(chance, alpha, -1 + _EXACT, min(0.0, found))


def _least_ratio(treated: Proportion, control: Proportion, alpha: float) -> float:
    if not treated.successes:
        return 0.0
    chance = _chance_of_higher(treated, control)
    # In log ratios: none of the arms can say more than that all did it against one of very many.
    low, high = -_MOST_LOG, _MOST_LOG
    if control.successes:
        high = math.log(treated.value / control.value)
    if high > 0 and chance(0.0) < alpha / 2:
        return math.exp(_least(chance, alpha, 0.0, high))
    if chance(low) >= alpha / 2:
        return 0.0
    return math.exp(_least(chance, alpha, low, min(0.0, high)))


def _least(chance: Callable[[float], float], alpha: float, low: float, high: float) -> float:
    """Return where the chance, which is less at `low`, comes to half of alpha."""
    return float(brentq(lambda at: chance(at) - alpha / 2, low, high, xtol=_EXACT))


def _chance_of_higher(treated: Proportion, control: Proportion) -> Callable[[float], float]:
    """Return the greatest chance, under a log ratio, of tables as far above it as that found."""
    n_1, n_0 = treated.trials, control.trials
    place = treated.successes, control.successes

    def chance(log: float) -> float:
        if not log:
            return _chance_of_more(treated, control)(0.0)
        ratio = math.exp(log)
        most = min(1.0, 1 / ratio)
        z = _statistics_of_ratio(n_1, n_0, ratio)
        return _greatest(z, place, lambda share: (share * min(1.0, ratio), share * most))

    return chance


def _chance_of_more(treated: Proportion, control: Proportion) -> Callable[[float], float]:
    """Return the greatest chance, under a difference, of tables as far above it as that found."""
    n_1, n_0 = treated.trials, control.trials
    place = treated.successes, control.successes

    def chance(difference: float) -> float:
        z = _statistics(n_1, n_0, difference)
        low, span = max(0.0, -difference), 1 - abs(difference)
        return _greatest(
            z, place, lambda share: (low + difference + share * span, low + share * span)
        )

    return chance


def _greatest(
    z: Floats, place: tuple[int, int], rates: Callable[[Floats], tuple[Floats, Floats]]
) -> float:
    """Return the greatest chance of tables as far out as that at `place`.

    Args:
        z: how far out each table is, a row for each treated count.
        place: the counts found.
        rates: of treated and control, for shares of the way from their lowest to their highest.
    """
    n_1, n_0 = (length - 1 for length in z.shape)
    more = np.vstack([z >= z[place] - _TIE, np.ones((1, n_0 + 1), dtype=bool)])
    least = more.argmax(axis=0)  # of the treated, for each count of the control

    def chances(angles: Floats) -> Floats:
        treated, control = rates(np.sin(angles) ** 2)
        up = _chances(n_1, treated)[:, ::-1].cumsum(axis=1)[:, ::-1]
        above = np.hstack([up, np.zeros((len(angles), 1))])
        found: Floats = (_chances(n_0, control) * above[:, least]).sum(axis=1)
        return found

    steps = 2 * max(_STEPS_MIN, math.ceil(_STEPS * math.pi / 2 * math.sqrt(max(n_1, n_0))))
    angles = np.linspace(0, math.pi / 2, steps + 1)  # an even number of steps: 1/2 is among them
    step, found = angles[1], chances(angles)
    beside = np.pad(found, 1)
    at = np.flatnonzero((found >= beside[:-2]) & (found >= beside[2:]))
    tops = angles[at[np.argsort(found[at])[-_TOPS:]]]
    greatest = found.max()
    for _ in range(_LOOKS):
        angles = np.clip((tops[:, None] + step * _CLOSER).ravel(), 0, math.pi / 2)
        found = chances(angles)
        greatest = max(greatest, found.max())
        tops, step = angles[[found.argmax()]], step * (_CLOSER[1] - _CLOSER[0])
    return float(greatest)


def _statistics(n_1: int, n_0: int, difference: float) -> Floats:
    """Return the score statistic of a difference for every table, a row for each treated count."""
    x_1, x_0 = _counts(n_1, n_0)
    if not difference:
        p_0 = p_1 = (x_1 + x_0) / (n_1 + n_0)
        return _deviations(x_1 / n_1 - x_0 / n_0, p_1 * (1 - p_1) / n_1 + p_0 * (1 - p_0) / n_0)
    low = np.full((n_1 + 1, n_0 + 1), max(0.0, -difference))
    high = np.full_like(low, min(1.0, 1 - difference))
    for _ in range(_HALVINGS):  # as in `score`, for all at once
        p_0 = (low + high) / 2
        p_1 = p_0 + difference
        rising = p_0 * (1 - p_0) * (x_1 - n_1 * p_1) + p_1 * (1 - p_1) * (x_0 - n_0 * p_0) > 0
        low, high = np.where(rising, p_0, low), np.where(rising, high, p_0)
    return _deviations(
        x_1 / n_1 - x_0 / n_0 - difference, p_1 * (1 - p_1) / n_1 + p_0 * (1 - p_0) / n_0
    )


def _statistics_of_ratio(n_1: int, n_0: int, ratio: float) -> Floats:
    """Return the score statistic of a ratio for every table, a row for each treated count."""
    x_1, x_0 = _counts(n_1, n_0)
    a, c = (n_1 + n_0) * ratio, x_1 + x_0
    b = ratio * (n_1 + x_0) + x_1 + n_0
    p_0 = np.minimum(1.0, 2 * c / (b + np.sqrt(np.maximum(0.0, b * b - 4 * a * c))))
    p_1 = np.minimum(1.0, ratio * p_0)
    return _deviations(
        x_1 / n_1 - ratio * x_0 / n_0,
        p_1 * (1 - p_1) / n_1 + ratio**2 * p_0 * (1 - p_0) / n_0,
    )


def _counts(n_1: int, n_0: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return np.arange(n_1 + 1)[:, None], np.arange(n_0 + 1)[None, :]


def _deviations(value: Floats, variance: Floats) -> Floats:
    found: Floats = np.where(
        np.abs(value) < _TIE, 0.0, value / np.sqrt(np.maximum(variance, _NOTHING))
    )
    return found


def _chances(n: int, rates: Floats) -> Floats:
    """Return the binomial chances of 0 to n, a row for each rate."""
    k = np.arange(n + 1)
    ways = math.lgamma(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    p = np.clip(rates[:, None], _LEAST, 1 - _EPSILON)  # of which there are logarithms
    found: Floats = np.exp(ways + k * np.log(p) + (n - k) * np.log1p(-p))
    return found
