"""Small counts, without any curve: what tables as extreme as the one found would be worth.

Exact tests keep their level for every number of people, and so are wider than others.

`p_value`, `difference_interval` and `ratio_interval` are one test: tables are ordered by the score
statistic of Miettinen and Nurminen, and the chance of those as far out is taken at the worst rates.

What it does not reject may have gaps, above all with unequal arms: the order of tables changes with
the supposed difference, and with it the chance, in jumps. An interval reaches to the outermost
difference that is not rejected (Chan and Zhang 1999), which is looked for from the outer end. So a
rise is shown only where no fall, however large, and in neither order of tables, would be worth as
much: both intervals and the p-value ask that first, so that they never contradict each other about
zero.

The worst rates of unequal arms may lie close to 0 or 1, between none of the larger arm and one: so
rates are tried at equal steps of the angle whose squared sine they are, in which a count of n
deviates by 1 / (2 √n) at every rate, and closer by where the chance is greatest.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

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
_PLACES = 48, 512  # looked at from the outer end, and as many again where chances grow
_TABLES = 60_000  # at so many places together
_GROWN = 0.25  # of what is not rejected: from there on they do
_ROUGH = 0.9  # as little of a chance may be found where few rates are tried
_RATES = np.sin(np.linspace(0, math.pi / 2, 65)) ** 2
_ROUGH_TIE = 1e-6
_NO_SIGN = 0.1  # of a side: a p-value of .2, which no level asks of, is that of equal rates alone
_AT_ONCE = 200_000  # numbers of an array
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
    product of the arms: about a second for 100 people in each.
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
    sides = ((treated, control), (control, treated))
    return min(1.0, 2 * min(_chance_of_no_rise(*side) for side in sides))


def _table(treated: Proportion, control: Proportion) -> NDArray[np.int64]:
    arms = (treated, control)
    return np.array([[arm.successes, arm.trials - arm.successes] for arm in arms])


def _least_difference(treated: Proportion, control: Proportion, alpha: float) -> float:
    found = treated.value - control.value
    side = _differences(treated, control)
    if found > 0 and _chance_of_no_rise(treated, control) < alpha / 2:
        return _least(side, alpha / 2, 0.0, found)
    if found == -1 or side.chance(-1 + _EXACT) >= alpha / 2:
        return -1.0
    return _least(side, alpha / 2, -1 + _EXACT, min(0.0, found))


def _least_ratio(treated: Proportion, control: Proportion, alpha: float) -> float:
    if not treated.successes:
        return 0.0
    side = _ratios(treated, control)
    # In log ratios: none of the arms can say more than that all did it against one of very many.
    low, high = -_MOST_LOG, _MOST_LOG
    if control.successes:
        high = math.log(treated.value / control.value)
    if high > 0 and _chance_of_no_rise(treated, control) < alpha / 2:
        return math.exp(_least(side, alpha / 2, 0.0, high))
    if side.chance(low) >= alpha / 2:
        return 0.0
    return math.exp(_least(side, alpha / 2, low, min(0.0, high)))


class _Side(NamedTuple):
    """The greatest chances, under what is supposed, of tables as far above it as that found."""

    chance: Callable[[float], float]
    rough: Callable[[Floats], Floats]  # of many at once, at few rates
    tables: int

    def places(self, low: float, high: float) -> Floats:
        """Return places to look at: fewer tables take less time, and leave wider gaps."""
        few, many = _PLACES
        return np.linspace(low, high, 1 + min(many, max(few, _TABLES // self.tables)))


def _least(side: _Side, half: float, low: float, high: float) -> float:
    """Return the outermost place from `low` on whose chance comes to `half`; else `high`."""
    places = side.places(low, high)
    begin = int(np.argmax(side.rough(places) >= _GROWN * half))
    places = side.places(places[max(0, begin - 1)], high)
    (near,) = np.nonzero(side.rough(places) >= _ROUGH * half)
    for at in near:
        if side.chance(places[at]) >= half:
            while at and side.chance(places[at - 1]) >= half:
                at -= 1  # noqa: PLW2901 - few rates may miss it
            if not at:
                return float(places[0])
            ends = places[at - 1], places[at]
            return float(brentq(lambda place: side.chance(place) - half, *ends, xtol=_EXACT))
    return high


@lru_cache(maxsize=256)
def _chance_of_no_rise(treated: Proportion, control: Proportion) -> float:
    """Return the greatest chance, were the treated rate no higher, of tables as far above it."""
    differences, ratios = _differences(treated, control), _ratios(treated, control)
    greatest = differences.chance(0.0)
    if greatest >= _NO_SIGN:
        return greatest
    for side, low in ((differences, -1 + _EXACT), (ratios, -_MOST_LOG)):
        places = side.places(low, 0.0)[:-1]
        rough = side.rough(places)
        for at in np.argsort(rough)[::-1][:_TOPS]:
            if rough[at] >= _ROUGH * greatest:
                greatest = max(greatest, side.chance(places[at]))
    return greatest


def _differences(treated: Proportion, control: Proportion) -> _Side:
    """Return the side of differences above that supposed."""
    n_1, n_0 = treated.trials, control.trials
    place = treated.successes, control.successes

    def chance(difference: float) -> float:
        return _greatest(_statistics(n_1, n_0, difference), place, _rates_apart(difference))

    def rough(differences: Floats) -> Floats:
        own = differences[:, None, None]
        z = _statistics_in_one(n_1, n_0, own)
        return _roughly(z, place, *_rates_apart(differences[:, None])(_RATES))

    tables = (n_1 + 1) * (n_0 + 1)
    return _Side(chance, _in_parts(rough, tables), tables)


def _ratios(treated: Proportion, control: Proportion) -> _Side:
    """Return the side of log ratios above that supposed."""
    n_1, n_0 = treated.trials, control.trials
    place = treated.successes, control.successes

    def chance(log: float) -> float:
        if not log:
            return _differences(treated, control).chance(0.0)
        ratio = math.exp(log)
        return _greatest(_statistics_of_ratio(n_1, n_0, ratio), place, _rates_in_ratio(ratio))

    def rough(logs: Floats) -> Floats:
        ratios = np.exp(logs)
        z = _statistics_of_ratio(n_1, n_0, ratios[:, None, None])
        return _roughly(z, place, *_rates_in_ratio(ratios[:, None])(_RATES))

    tables = (n_1 + 1) * (n_0 + 1)
    return _Side(chance, _in_parts(rough, tables), tables)


def _rates_apart(difference: Any) -> Callable[[Floats], tuple[Floats, Floats]]:
    """Return the rates of both arms that are a difference apart, for shares of the way."""
    low, span = np.maximum(0.0, -difference), 1 - np.abs(difference)
    return lambda share: (low + difference + share * span, low + share * span)


def _rates_in_ratio(ratio: Any) -> Callable[[Floats], tuple[Floats, Floats]]:
    """Return the rates of both arms that are in a ratio, for shares of the way."""
    return lambda share: (share * np.minimum(1.0, ratio), share * np.minimum(1.0, 1 / ratio))


def _in_parts(rough: Callable[[Floats], Floats], size: int) -> Callable[[Floats], Floats]:
    """Return the function, asked of so many at once as memory bears."""
    many = max(1, _AT_ONCE // size)
    return lambda places: np.concatenate(
        [rough(places[at : at + many]) for at in range(0, len(places), many)]
    )


def _roughly(z: Floats, place: tuple[int, int], treated: Floats, control: Floats) -> Floats:
    """Return for each of several orders of the tables the greatest chance at some rates.

    Args:
        z: how far out each table is: by order, treated count and control count.
        place: the counts found.
        treated: rates by order.
        control: rates by order.
    """
    orders, n_1, n_0 = (length - 1 for length in z.shape)
    more = np.pad(
        z >= z[:, place[0], place[1], None, None] - _ROUGH_TIE,
        ((0, 0), (0, 1), (0, 0)),
        constant_values=True,
    )
    least = more.argmax(axis=1)[:, None, :]
    up = _chances(n_1, treated)[..., ::-1].cumsum(axis=-1)[..., ::-1]
    above = np.pad(up, ((0, 0), (0, 0), (0, 1)))
    least = np.broadcast_to(least, (orders + 1, treated.shape[1], n_0 + 1))
    found: Floats = (_chances(n_0, control) * np.take_along_axis(above, least, axis=2)).sum(axis=2)
    most: Floats = found.max(axis=1)
    return most


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


def _statistics_in_one(n_1: int, n_0: int, difference: Floats) -> Floats:
    """Return nearly the same at once for several differences, each of which has an axis of its own.

    The likeliest rate is a root of a cubic (Miettinen and Nurminen 1985, appendix 1).
    """
    x_1, x_0 = _counts(n_1, n_0)
    n, c = n_1 + n_0, x_1 + x_0
    two = (n_1 + 2 * n_0) * difference - n - c
    one = (n_0 * difference - n - 2 * x_0) * difference + c
    none = x_0 * difference * (1 - difference)
    q = (two / (3 * n)) ** 3 - one * two / (6 * n**2) + none / (2 * n)
    p = np.copysign(np.sqrt(np.maximum(0.0, (two / (3 * n)) ** 2 - one / (3 * n))), q)
    turn = np.divide(q, p**3, out=np.ones_like(q), where=p != 0)
    angle = (math.pi + np.arccos(np.clip(turn, -1, 1))) / 3
    p_0 = 2 * p * np.cos(angle) - two / (3 * n)
    p_0 = np.clip(p_0, np.maximum(0.0, -difference), np.minimum(1.0, 1 - difference))
    p_1 = p_0 + difference
    return _deviations(
        x_1 / n_1 - x_0 / n_0 - difference, p_1 * (1 - p_1) / n_1 + p_0 * (1 - p_0) / n_0
    )


def _statistics_of_ratio(n_1: int, n_0: int, ratio: Any) -> Floats:
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
    """Return the binomial chances of 0 to n on a last axis, for each rate."""
    k = np.arange(n + 1)
    ways = math.lgamma(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    p = np.clip(rates[..., None], _LEAST, 1 - _EPSILON)  # of which there are logarithms
    found: Floats = np.exp(ways + k * np.log(p) + (n - k) * np.log1p(-p))
    return found
