"""Whom, and how much, in a world whose truth is known: `python -m benchmarks.amounts`.

120,000 people were drawn into 0, 1, 2, 5, 10 or 20 coins. What a person does rises with the coins,
ever more slowly, from a base, by a size and at a pace of their own, each of which features tell in
part. Coins cost only when the person does it (redeems). Then 100,000 others: each rule gives coins
until as much is truly spent as by every other; the oracle knows each person's answer.

    python -m benchmarks.amounts --seeds 20 --json
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click
import numpy as np
import pandas as pd

from benchmarks.tables import markdown
from features.choice.levels import ImpossibleError
from features.choice.limits import Limits
from features.choice.personal import choose
from features.choice.shared import choose_by_segment, choose_one
from features.uplift.amounts import AmountLearner
from flowdrop.output import print_json
from flowdrop.progress import progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Numbers = NDArray[np.int64]
    Rule = Callable[[float], NDArray[np.int8]]

AMOUNTS = (1.0, 2.0, 5.0, 10.0, 20.0)
EVERYONE = (2.0, 5.0)  # what everyone would be given
KNOWN, NEW = 120_000, 100_000
BUDGET = 0.35  # coins truly spent, per new person
HALVINGS = 22
SEGMENTS = 3
POLICIES = (
    "random",
    *(f"everyone {amount:g}" for amount in EVERYONE),
    "response",
    "one amount",
    "by segment",
    "personal",
)


@dataclass(frozen=True)
class World:
    """People: what is known of them, and each one's true chance under none and each amount."""

    features: pd.DataFrame
    segment: Numbers
    chances: Floats  # a column for nothing, then one per amount

    @property
    def effects(self) -> Floats:
        """The true effect of each amount."""
        found: Floats = self.chances[:, 1:] - self.chances[:, :1]
        return found

    @property
    def costs(self) -> Floats:
        """The coins truly expected to be spent under each amount."""
        return costs(self.chances[:, 1:])


def costs(chances: Floats) -> Floats:
    """Return what amounts cost that are paid only when the person does it."""
    found: Floats = np.array(AMOUNTS) * chances
    return found


def world(people: int, seed: int) -> World:
    """Draw people."""
    draws = np.random.default_rng(seed)
    x = draws.normal(size=(people, 6))
    segment = draws.integers(0, SEGMENTS, people)
    hidden = draws.normal(size=(people, 3)) * 0.3  # what no feature tells
    base = _logistic(-2.2 + 0.9 * x[:, 0] + 0.5 * x[:, 1] * (x[:, 2] > 0) + hidden[:, 0])
    size = 0.6 * _logistic(
        -0.6 + 1.1 * x[:, 3] - 0.7 * x[:, 0] + 0.5 * (segment == 1) + hidden[:, 1]
    )
    pace = np.exp(1.0 + 0.6 * x[:, 4] + 0.4 * (segment == 2) + hidden[:, 2])
    given = np.array((0.0, *AMOUNTS))
    rise = 1 - np.exp(-given / pace[:, None])
    chances = base[:, None] + (1 - base[:, None]) * size[:, None] * rise
    table = pd.DataFrame({f"x{number}": x[:, number] for number in range(x.shape[1])})
    return World(table.assign(segment=segment), segment, chances)


def judge(seed: int, *, known: int = KNOWN, new: int = NEW) -> dict[str, float]:
    """Return each rule's share of the oracle's increment at the same true spend."""
    past, now = world(known, 2 * seed), world(new, 2 * seed + 1)
    draws = np.random.default_rng(seed)
    arm = draws.integers(0, 1 + len(AMOUNTS), known)
    did = draws.random(known) < past.chances[np.arange(known), arm]
    learner = AmountLearner(seed).fit(past.features, np.array((0.0, *AMOUNTS))[arm], did)
    expected = learner.chances(now.features, (0.0, *AMOUNTS))
    effects, spent = expected[:, 1:] - expected[:, :1], costs(expected[:, 1:])
    budget = BUDGET * new

    def increment(rule: Rule) -> float:
        return _increment(now, rule, budget)

    oracle = increment(lambda coins: choose(now.effects, now.costs, Limits(budget=coins)).levels)
    order = draws.permutation(new)
    anyone = draws.integers(1, len(AMOUNTS) + 1, new).astype(np.int8)
    likely = np.argsort(-expected[:, 1 + AMOUNTS.index(5.0)], kind="stable")
    five = np.full(new, 1 + AMOUNTS.index(5.0), dtype=np.int8)
    found = {"random": increment(_first(order, anyone, now))}
    for amount in EVERYONE:
        level = np.full(new, 1 + AMOUNTS.index(amount), dtype=np.int8)
        found[f"everyone {amount:g}"] = increment(_first(order, level, now))
    found["response"] = increment(_first(likely, five, now))
    found["one amount"] = increment(
        lambda coins: choose_one(effects, spent, Limits(budget=coins)).choice.levels
    )
    found["by segment"] = increment(
        lambda coins: (
            choose_by_segment(effects, spent, Limits(budget=coins), now.segment).choice.levels
        )
    )
    found["personal"] = increment(lambda coins: choose(effects, spent, Limits(budget=coins)).levels)
    return {name: value / oracle for name, value in found.items()}


def _first(order: Numbers, level: NDArray[np.int8], now: World) -> Rule:
    """Return the rule that takes people in an order, each for one level, until coins are spent."""
    run = np.cumsum(now.costs[order, level[order] - 1])

    def rule(coins: float) -> NDArray[np.int8]:
        found = np.zeros(len(order), dtype=np.int8)
        taken = order[: np.searchsorted(run, coins, "right")]
        found[taken] = level[taken]
        return found

    return rule


def _increment(now: World, rule: Rule, budget: float) -> float:
    """Return what a rule truly adds once it truly spends the budget, whatever it believes."""
    low, high, best = 0.0, 4 * budget, 0.0
    for _ in range(HALVINGS):
        coins = (low + high) / 2
        try:
            levels = rule(coins)
        except ImpossibleError:
            high = coins
            continue
        rows = np.nonzero(levels)[0]
        picked = levels[rows].astype(np.int64) - 1
        if now.costs[rows, picked].sum() <= budget:
            low, best = coins, float(now.effects[rows, picked].sum())
        else:
            high = coins
        if high - low < budget * 1e-4:
            break
    return best


def _logistic(x: Floats) -> Floats:
    found: Floats = 1 / (1 + np.exp(-x))
    return found


@click.command(epilog="Example: python -m benchmarks.amounts --seeds 3")
@click.option("--seeds", default=20, show_default=True, help="How often, from seed 0.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def main(*, seeds: int, as_json: bool) -> None:
    """Compare rules of whom and how much with the oracle; a seed takes 20 s on an idle core."""
    found = []
    with progress() as bar:
        task = bar.add_task("amounts", total=seeds)
        for seed in range(seeds):
            found.append(judge(seed))
            bar.advance(task)
    rows = [_summary(name, np.array([one[name] for one in found])) for name in POLICIES]
    if as_json:
        print_json({"seeds": seeds, "policies": [asdict(row) for row in rows]})
        return
    click.echo(
        markdown(
            [
                {
                    "policy": row.policy,
                    "share of the oracle": f"{row.median:.3f}",
                    "least": f"{row.least:.3f}",
                    "most": f"{row.most:.3f}",
                }
                for row in rows
            ]
        )
    )


@dataclass(frozen=True)
class Summary:
    """A rule's share of the oracle's increment over the seeds."""

    policy: str
    median: float
    least: float
    most: float


def _summary(name: str, shares: Floats) -> Summary:
    return Summary(
        policy=name,
        median=float(np.median(shares)),
        least=float(shares.min()),
        most=float(shares.max()),
    )


if __name__ == "__main__":
    main()
