"""How often intervals hold the true value: `python -m benchmarks.coverage`.

Drops are simulated whose true effect is known, with the sums that a warehouse would give of each,
and read by the functions of `features/statistics/`. Intervals are of 95 %. Asymptotic ones should
hold the truth in 93 to 97 of 100 drops, exact ones in 94 or more.

    python -m benchmarks.coverage --drops 4000 --json
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from features.statistics import exact, intervals, score
from features.statistics.adjustment import MeanWithPast, RatioWithPast, adjust
from features.statistics.arms import Mean, Proportion, Quantile, Ratio, quantile_levels
from features.statistics.contrast import between
from features.statistics.experiment import compare, read
from features.statistics.strata import Stratum, Sums, post_stratify
from flowdrop.output import print_json, print_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.random import Generator
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ends = tuple[float | None, float | None]
    Found = dict[str, tuple[Ends, float]]  # by interval: its ends and what they should hold

DROPS = 4_000
SEED = 20_170_101
TREATED, CONTROL = 900, 300  # people of a drop and of its holdout
LIFT = 0.1
CHUNK = 500  # drops simulated at a time

Z_90 = 1.2815515655446004


def rates(draw: Generator, drops: int) -> Iterator[Found]:
    """Give people who convert: 5 %, and 6.5 % of the treated."""
    low, high = 0.05, 0.065
    control, treated = draw.binomial(CONTROL, low, drops), draw.binomial(TREATED, high, drops)
    difference, ratio = high - low, high / low
    for x_1, x_0 in zip(treated.tolist(), control.tolist(), strict=True):
        arms = Proportion(x_1, TREATED), Proportion(x_0, CONTROL)
        found = compare(*arms)
        yield {
            "rates, difference (Miettinen-Nurminen)": ((found.low, found.high), difference),
            "rates, lift (Miettinen-Nurminen)": (_lift(found), ratio - 1),
            "rates, ratio (Koopman)": (score.koopman_interval(*arms), ratio),
            "rates, difference (Newcombe)": (intervals.newcombe(*arms), difference),
            "rates, difference (Agresti-Caffo)": (intervals.agresti_caffo(*arms), difference),
        }


def means(draw: Generator, drops: int) -> Iterator[Found]:
    """Give revenue: a fifth buys, for amounts whose logarithm is normal."""
    mean = 0.2 * math.exp(0.125)
    for treated, control in _both(draw, drops, _spend, LIFT):
        arms = _mean(treated), _mean(control)
        yield _of(compare(*arms), "means", mean)
        log = intervals.log_lift(*arms)
        yield {"means, lift (logarithm)": ((log.low, log.high), LIFT)}


def _spend(draw: Generator, shape: tuple[int, int]) -> Floats:
    return (draw.random(shape) < 0.2) * draw.lognormal(0, 0.5, shape)


def ratios(draw: Generator, drops: int) -> Iterator[Found]:
    """Give revenue per order, of people who order often at higher prices."""
    more, price = 1.5, 2.0  # orders beyond the first, the least price
    truth = price + 0.3 * (more + (1 + more) ** 2) / (1 + more)
    shapes = [(drops, people) for people in (TREATED, CONTROL)]
    orders = [1 + draw.poisson(more, shape) for shape in shapes]
    prices = [price + 0.3 * o + draw.normal(0, 1, o.shape) for o in orders]
    prices[0] *= 1 + LIFT
    revenue = [o * p for o, p in zip(orders, prices, strict=True)]
    for index in range(drops):
        arms = [_ratio(m[index], o[index]) for m, o in zip(revenue, orders, strict=True)]
        yield _of(compare(arms[0], arms[1]), "ratios", truth)


def _ratio(m: NDArray[Any], d: NDArray[Any]) -> Ratio:
    sums = (m.sum(), m @ m, d.sum(), d @ d, m @ d)
    return Ratio(len(m), *(float(one) for one in sums))


def quantiles(draw: Generator, drops: int) -> Iterator[Found]:
    """Give the median and the 90th percentile of amounts whose logarithm is normal."""
    for treated, control in _both(draw, drops, lambda d, s: d.lognormal(0, 1, s), LIFT):
        for level, truth, name in (
            (0.5, 1.0, "medians"),
            (0.9, math.exp(Z_90), "90th percentiles"),
        ):
            arms = [_quantile(values, level) for values in (treated, control)]
            yield _of(read(between(arms[0], arms[1])), name, truth)


def clustered(draw: Generator, drops: int) -> Iterator[Found]:
    """Give the 90th percentile of events of which each person has several, much alike."""
    truth = math.exp(Z_90 * math.sqrt(0.6**2 + 0.6**2))

    def arm(people: int, times: float) -> list[Quantile]:
        found = []
        for _ in range(drops):
            events = 1 + draw.poisson(3, people)
            owner = np.repeat(np.arange(people), events)
            own = draw.normal(0, 0.6, people)[owner]
            values = times * np.exp(own + draw.normal(0, 0.6, len(owner)))
            found.append(_quantile(values, 0.9, owner))
        return found

    for treated, control in zip(arm(TREATED, 1 + LIFT), arm(CONTROL, 1.0), strict=True):
        yield _of(read(between(treated, control)), "90th percentiles of events", truth)


def adjusted(draw: Generator, drops: int) -> Iterator[Found]:
    """Give revenue of people whose past revenue says half of it."""
    for treated, control in _both(draw, drops, _with_past, LIFT):
        arms = [
            MeanWithPast(len(y), y.sum(), y @ y, x.sum(), x @ x, x @ y)
            for x, y in (treated, control)
        ]
        yield _of(read(adjust(arms[0], arms[1]).contrast), "means, CUPED", 3.0)


def _with_past(draw: Generator, shape: tuple[int, int]) -> Floats:
    past = draw.gamma(2.0, 1.0, shape)
    return np.stack([past, past + draw.gamma(1.0, 1.0, shape)], axis=1)


def adjusted_ratios(draw: Generator, drops: int) -> Iterator[Found]:
    """Give revenue per order of people whose prices last."""
    for treated, control in _both(draw, drops, _orders, LIFT, row=0):
        arms = [_ratio_with_past(*arm) for arm in (treated, control)]
        yield _of(read(adjust(arms[0], arms[1]).contrast), "ratios, CUPED", 5.0)


def _orders(draw: Generator, shape: tuple[int, int]) -> Floats:
    own = draw.normal(5, 1, shape)
    orders, before = 1 + draw.poisson(2, shape), 1 + draw.poisson(2, shape)
    now = orders * (own + draw.normal(0, 0.7, shape))
    return np.stack([now, orders, before * (own + draw.normal(0, 0.7, shape)), before], axis=1)


def _ratio_with_past(m: Floats, d: Floats, p: Floats, q: Floats) -> RatioWithPast:
    pairs = ((m, m), (d, d), (p, p), (q, q), (m, d), (m, p), (m, q), (d, p), (d, q), (p, q))
    sums = [float(values.sum()) for values in (m, d, p, q)]
    return RatioWithPast(len(m), *sums, *(float(x @ y) for x, y in pairs))


def stratified(draw: Generator, drops: int) -> Iterator[Found]:
    """Give revenue of four cities, one of them small."""
    share, mean = np.array([0.5, 0.3, 0.18, 0.02]), np.array([1.0, 2.0, 4.0, 8.0])
    for _ in range(drops):
        arms = []
        for people, times in ((TREATED, 1 + LIFT), (CONTROL, 1.0)):
            city = draw.choice(4, people, p=share)
            arms.append((city, times * draw.gamma(2.0, mean[city] / 2)))
        strata = [Stratum(*(_sums(values[city == k]) for city, values in arms)) for k in range(4)]
        yield _of(read(post_stratify(strata)), "means, by strata", float(share @ mean))


def _sums(values: Floats) -> Sums:
    return Sums(len(values), float(values.sum()), float(values @ values))


def small(draw: Generator, drops: int) -> Iterator[Found]:
    """Give the few people of a small drop: 30 % of 24, and 10 % of a holdout of 16."""
    n_1, n_0, high, low = 24, 16, 0.3, 0.1
    odds = high / (1 - high) / (low / (1 - low))
    treated, control = draw.binomial(n_1, high, drops), draw.binomial(n_0, low, drops)
    for x_1, x_0 in zip(treated.tolist(), control.tolist(), strict=True):
        yield {
            name: (ends, truth)
            for (name, truth), ends in zip(
                (
                    ("few, rate (Clopper-Pearson)", high),
                    ("few, difference (Chan-Zhang)", high - low),
                    ("few, ratio (Chan-Zhang)", high / low),
                    ("few, ratio of odds (conditional)", odds),
                ),
                _small(x_1, n_1, x_0, n_0),
                strict=True,
            )
        }


@cache
def _small(x_1: int, n_1: int, x_0: int, n_0: int) -> tuple[Ends, ...]:
    arms = Proportion(x_1, n_1), Proportion(x_0, n_0)
    return (
        exact.rate_interval(arms[0]),
        exact.difference_interval(*arms),
        exact.ratio_interval(*arms),
        exact.odds_interval(*arms),
    )


DESIGNS: dict[str, Callable[[Generator, int], Iterator[Found]]] = {
    one.__name__: one
    for one in (
        *(rates, means, ratios, quantiles, clustered, adjusted, adjusted_ratios, stratified),
        small,
    )
}
EXACT = ("small",)


def measure(drops: int = DROPS, seed: int = SEED) -> list[dict[str, Any]]:
    """Return how often each interval held the truth, and missed it on either side."""
    rows = []
    for design, simulated in DESIGNS.items():
        draw = np.random.default_rng([seed, *design.encode()])
        counts: dict[str, NDArray[np.int64]] = {}
        for first in range(0, drops, CHUNK):
            for found in simulated(draw, min(CHUNK, drops - first)):
                for name, ((low, high), truth) in found.items():
                    below = low is not None and truth < low
                    above = high is not None and truth > high
                    count = counts.setdefault(name, np.zeros(3, dtype=np.int64))
                    count += (1, below, above)
        rows += [_row(name, count, exact=design in EXACT) for name, count in counts.items()]
    return rows


def _row(name: str, count: NDArray[np.int64], *, exact: bool) -> dict[str, Any]:
    times, low, high = count.tolist()
    return {
        "interval": name,
        "kind": "exact" if exact else "asymptotic",
        "drops": times,
        "held": round(1 - (low + high) / times, 4),
        "truth below": round(low / times, 4),
        "truth above": round(high / times, 4),
    }


def _both(
    draw: Generator,
    drops: int,
    values: Callable[[Generator, tuple[int, int]], Floats],
    lift: float,
    row: int = -1,
) -> Iterator[tuple[Any, Any]]:
    """Give both arms' values of each drop; the treated have more, in one row if there are more."""
    treated, control = (values(draw, (drops, people)) for people in (TREATED, CONTROL))
    if treated.ndim == 2:
        treated *= 1 + lift
    else:
        treated[:, row] *= 1 + lift
    return zip(treated, control, strict=True)


def _mean(values: Floats) -> Mean:
    return Mean(len(values), float(values.sum()), float(values @ values))


def _quantile(values: Floats, level: float, owner: NDArray[np.int64] | None = None) -> Quantile:
    low, value, high = np.quantile(
        values, quantile_levels(level, len(values)), method="inverted_cdf"
    )
    below = None
    if owner is not None:
        lower, events = (values <= value).astype(float), np.ones(len(values))
        below = _ratio(np.bincount(owner, lower), np.bincount(owner, events))
    return Quantile(level, len(values), float(low), float(value), float(high), below)


def _of(found: Any, name: str, control: float) -> Found:
    return {
        f"{name}, difference": ((found.low, found.high), LIFT * control),
        f"{name}, lift": (_lift(found), LIFT),
    }


def _lift(found: Any) -> Ends:
    return found.relative_low, found.relative_high


@click.command(epilog="Example: python -m benchmarks.coverage --drops 4000")
@click.option("--drops", default=DROPS, show_default=True, help="Simulated, of each design.")
@click.option("--seed", default=SEED, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def main(*, drops: int, seed: int, as_json: bool) -> None:
    """Simulate drops and count how often intervals hold the true effect."""
    rows = measure(drops, seed)
    if as_json:
        print_json(rows)
    else:
        print_rows(rows, title=f"{drops:,} drops of each design")


if __name__ == "__main__":
    main()
