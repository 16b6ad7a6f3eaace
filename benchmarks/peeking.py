"""What looking every day does: `python -m benchmarks.peeking`.

Drops of 30 days are simulated and looked at on each of them, by several rules. One that finds an
effect where there is none, on any day, has raised a false alarm: at most 6 in 100 may. Beside it
how often each finds real effects, and how often all looks' intervals hold the true one at once.

    python -m benchmarks.peeking --drops 4000 --json
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import numpy as np
from scipy.special import ndtr

from features.statistics import always_valid, sample_ratio
from features.statistics.arms import Mean, Proportion
from features.statistics.contrast import between, upper_quantile
from features.statistics.group_sequential import information, looks
from features.statistics.score import z_of_no_difference
from flowdrop.output import print_json, print_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DROPS = 4_000
SEED = 20_170_101
DAYS, LATE_DAYS = 30, 10
A_DAY = 1_000  # people of each arm
BASE = 0.1
LIFTS = (0.0, 0.06, 0.1)


def bounds(days: int = DAYS) -> dict[str, Floats]:
    """Return by rule how many standard errors are an effect, at each day's look."""
    people = [2 * A_DAY * day for day in range(1, days + 1)]
    shares = information(people, 2 * A_DAY * DAYS)
    last = np.full(days, np.inf)
    last[DAYS - 1] = upper_quantile(0.025)
    rules = {"fixed, at any look": np.full(days, upper_quantile(0.025)), "fixed, at the end": last}
    for name, spending in (("alpha t^2", "square"), ("O'Brien-Fleming", "obrien-fleming")):
        found = looks(shares, spending=spending)  # type: ignore[arg-type]
        rules[f"group sequential, {name}"] = np.array([look.bound for look in found])
    for tuning in (5_000, 60_000):
        rho2 = always_valid.rho_squared(tuning)
        rules[f"confidence sequence, N* {tuning:,}"] = np.array(
            [always_valid.multiplier(n, rho2) for n in people]
        )
    return rules


def rates(draw: Generator, drops: int, lift: float, days: int = DAYS) -> Floats:
    """Return the score statistic of each drop (row) at each day's end: people come every day."""
    daily = [draw.binomial(A_DAY, rate, (drops, days)) for rate in (BASE * (1 + lift), BASE)]
    treated, control = (one.cumsum(axis=1) for one in daily)
    people = A_DAY * np.arange(1, days + 1)
    return np.array(
        [
            [
                z_of_no_difference(Proportion(x_1, n), Proportion(x_0, n))
                for x_1, x_0, n in zip(*row, people.tolist(), strict=True)
            ]
            for row in zip(treated.tolist(), control.tolist(), strict=True)
        ]
    )


def revenue(draw: Generator, drops: int, lift: float) -> Floats:
    """Return how many standard errors the difference of revenue is from its true value."""
    found = np.empty((drops, DAYS))
    people = A_DAY * np.arange(1, DAYS + 1)
    truth = lift * BASE * np.exp(0.5)
    for drop in range(drops):
        sums = []
        for times in (1 + lift, 1.0):
            buyers = draw.binomial(A_DAY, BASE, DAYS)
            amounts = times * draw.lognormal(0, 1, buyers.sum())
            day = np.repeat(np.arange(DAYS), buyers)
            sums.append([np.bincount(day, amounts**power, DAYS).cumsum() for power in (1, 2)])
        for index, n in enumerate(people.tolist()):
            treated, control = (Mean(n, float(s[index]), float(q[index])) for s, q in sums)
            contrast = between(treated, control)
            found[drop, index] = (contrast.difference - truth) / contrast.standard_error
    return found


def cohort(draw: Generator, drops: int, late: float) -> tuple[Floats, Floats]:
    """Return statistics and information at each day's end of drops that launch to all at once.

    A third converts in the end, most of them early or late: by day d the share (d / 30)^late.
    """
    people, chance = 5_000, 1 / 3
    share = np.diff((np.arange(DAYS + 1) / DAYS) ** late)
    each = np.append(share * chance, 1 - chance)
    daily = [draw.multinomial(people, each, drops)[:, :DAYS].cumsum(axis=1) for _ in range(2)]
    z = np.array(
        [
            [
                z_of_no_difference(Proportion(x_1, people), Proportion(x_0, people))
                for x_1, x_0 in zip(*row, strict=True)
            ]
            for row in zip(*(one.tolist() for one in daily), strict=True)
        ]
    )
    rate = (daily[0] + daily[1]).mean(axis=0) / (2 * people)
    return z, rate / (1 - rate)


def measure(drops: int = DROPS, seed: int = SEED) -> list[dict[str, Any]]:
    """Return how often each rule finds an effect."""
    draw = np.random.default_rng(seed)
    found = {lift: rates(draw, drops, lift) for lift in LIFTS}
    money = revenue(draw, drops, 0.1)
    return [
        {
            "rule": rule,
            "false alarms": _passed(found[0.0], bound),
            **{f"found +{lift:.0%}": _passed(found[lift], bound) for lift in LIFTS[1:]},
            "revenue held": round(1 - _passed(money, bound), 4),
        }
        for rule, bound in bounds().items()
    ]


def measure_others(drops: int = DROPS, seed: int = SEED) -> list[dict[str, Any]]:
    """Return the false alarms of designs that are not as planned, and of the sample ratio."""
    draw = np.random.default_rng(seed)
    rows = []
    late = rates(draw, drops, 0.0, DAYS + LATE_DAYS)
    until = bounds(DAYS)["group sequential, alpha t^2"]
    sooner = (np.abs(late[:, :DAYS]) > until).any(axis=1)
    for day in range(DAYS + 1, DAYS + LATE_DAYS + 1):
        sooner |= np.abs(late[:, day - 1]) > bounds(day)["group sequential, alpha t^2"][-1]
    rows.append(("ten days longer, with bounds drawn anew", float(sooner.mean())))
    for name, power in (("early", 0.4), ("evenly", 1.0), ("late", 2.0)):
        z, seen = cohort(draw, drops, power)
        rows.append((f"all at once, who convert {name}", _by_time(z, seen)))
    rows.append(("revenue of 20 people a day, t form", _few(draw, drops)))
    rows += _splits(draw, drops)
    return [{"design": name, "false alarms": round(share, 4)} for name, share in rows]


def _by_time(z: Floats, seen: Floats) -> float:
    """Return false alarms where alpha is spent by days, and information comes as people convert."""
    shares = [day / DAYS for day in range(1, DAYS + 1)]
    found = looks(shares, seen=seen.tolist())
    return _passed(z, np.array([look.bound for look in found]))


def _few(draw: Generator, drops: int) -> float:
    """Return false alarms of the t form, for arms that grow by ten people a day."""
    g = 1 / always_valid.rho_squared(20 * DAYS)
    alarms = 0
    values = draw.gamma(1.0, 1.0, (drops, 2, 10 * DAYS))
    sums, squares = values.cumsum(axis=2), (values**2).cumsum(axis=2)
    for drop in range(drops):
        for n in range(10, 10 * DAYS + 1, 10):
            arms = [Mean(n, sums[drop, arm, n - 1], squares[drop, arm, n - 1]) for arm in (0, 1)]
            contrast = between(arms[0], arms[1])
            radius = always_valid.t_radius(2 * n, contrast.degrees, g)
            if abs(contrast.difference) > radius * contrast.standard_error:
                alarms += 1
                break
    return alarms / drops


def _splits(draw: Generator, drops: int) -> Sequence[tuple[str, float]]:
    """Return false alarms of the sample ratio at .001, looked at daily."""
    first = draw.binomial(2 * A_DAY, 0.5, (drops, DAYS)).cumsum(axis=1)
    people = 2 * A_DAY * np.arange(1, DAYS + 1)
    chi = (2 * first - people) ** 2 / people
    once = 2 * ndtr(-np.sqrt(chi))
    halves = {"a": 0.5, "b": 0.5}
    daily = [
        sample_ratio.sequential(
            [{"a": x, "b": n - x} for x, n in zip(row, people.tolist(), strict=True)], halves
        )[-1]
        for row in first.tolist()
    ]
    least = sample_ratio.P_MIN
    return [
        ("sample ratio, chi-squared daily at .001", float((once < least).any(axis=1).mean())),
        ("sample ratio, sequential at .001", float((np.array(daily) < least).mean())),
    ]


def _passed(z: Floats, bound: Floats) -> float:
    return round(float((np.abs(z) > bound).any(axis=1).mean()), 4)


@click.command(epilog="Example: python -m benchmarks.peeking --drops 4000")
@click.option("--drops", default=DROPS, show_default=True, help="Simulated, of each design.")
@click.option("--seed", default=SEED, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def main(*, drops: int, seed: int, as_json: bool) -> None:
    """Simulate drops that are looked at daily and count false alarms and what is found."""
    tables = {"rules": measure(drops, seed), "designs": measure_others(drops, seed)}
    if as_json:
        print_json(tables)
        return
    for name, rows in tables.items():
        print_rows(rows, title=f"{name}: {drops:,} drops")


if __name__ == "__main__":
    main()
