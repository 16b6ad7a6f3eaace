"""What the gate refuses, what it lets pass, and what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from features.leakage.gate import LeakError, inspect, require_clean
from features.uplift.errors import UnusableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from features.leakage.evidence import Report

ROWS = 3_000


class World:
    """People with honest features, an outcome that they tell in part, and a moment each."""

    def __init__(self, seed: int) -> None:
        self.draw = np.random.default_rng(seed)
        days = self.draw.uniform(0, 200, ROWS)
        self.times = pd.Series(
            pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(days, unit="D")
        )
        self.day = days
        self.table = pd.DataFrame(
            {
                "age": self.draw.integers(18, 80, ROWS),
                "spend": self.draw.lognormal(3, 1, ROWS),
                "habit": self.draw.normal(size=ROWS),
                "city": self.draw.choice(list("abcdefg"), ROWS),
            }
        )
        self.label = self.answers(0.6 * self.table["habit"] - 1.5)

    def answers(self, odds: Any) -> NDArray[np.int64]:
        """Draw an outcome of log odds."""
        chance = 1 / (1 + np.exp(-np.asarray(odds, dtype=float)))
        return (self.draw.random(ROWS) < chance).astype(np.int64)

    def seasons(self) -> NDArray[np.int64]:
        """Draw an outcome that depends on the day alone, up and down."""
        return self.answers(-1.5 + 1.8 * np.sin(self.day / 6))

    def ids(self, rows_each: int) -> NDArray[np.int64]:
        return self.draw.integers(0, ROWS // rows_each, ROWS)

    def encoded(self, rows_each: int, label: Any) -> pd.Series[float]:
        """Return an id that says nothing, encoded by the outcomes of its own rows."""
        return pd.Series(label).groupby(self.ids(rows_each)).transform("mean")

    def report(self, label: Any = None, *, timed: bool = True, **columns: Any) -> Report:
        return inspect(
            self.table.assign(**columns),
            self.label if label is None else label,
            times=self.times if timed else None,
        )


def days(count: Any) -> Any:
    return pd.to_timedelta(count, unit="D")


def flipped(world: World, share: float) -> Any:
    wrong = world.draw.random(ROWS) < share
    return np.where(wrong, 1 - world.label, world.label)


def strong(world: World, slope: float) -> Report:
    telling = world.draw.normal(size=ROWS)
    return world.report(world.answers(slope * telling - 2), telling=telling)


def balance(world: World) -> Report:
    """Who has nothing can't redeem: honest, and nobody without did."""
    found = np.where(world.draw.random(ROWS) < 0.5, 0, world.draw.lognormal(3, 1, ROWS))
    label = np.where(found > 0, world.answers(np.full(ROWS, -0.4)), 0)
    return world.report(label, balance=found)


def habit(world: World) -> Report:
    """Who did it before does it again, nearly always."""
    before = (world.draw.random(ROWS) < 0.2).astype(int)
    return world.report(world.answers(np.where(before, 1.7, -2.9)), before=before)


def score(world: World) -> Report:
    """Another model's chance, right on average, in hundredths."""
    chance = world.draw.beta(1, 4, ROWS)
    label = (world.draw.random(ROWS) < chance).astype(int)
    return world.report(label, score=chance.round(2))


def past_rate(world: World) -> Report:
    """What each person did before, as a share: an id encoded by earlier outcomes only."""
    own = world.draw.beta(1, 3, 300)
    past = (world.draw.random((300, 30)) < own[:, None]).mean(axis=1)
    ids = world.draw.integers(0, 300, ROWS)
    return world.report((world.draw.random(ROWS) < own[ids]).astype(int), rate=past[ids])


HONEST: dict[str, Callable[[World], Report]] = {
    "nothing special": lambda world: world.report(),
    "no times": lambda world: world.report(timed=False),
    "one strong predictor": lambda world: strong(world, 2.5),
    "one very strong predictor": lambda world: strong(world, 3.5),
    "nobody without a balance": balance,
    "a habit": habit,
    "a score": score,
    "a past rate": past_rate,
    "what grows with time": lambda world: world.report(
        tenure=world.day + world.draw.uniform(0, 400, ROWS)
    ),
    "an earlier time": lambda world: world.report(
        last=world.times - days(world.draw.uniform(0, 30, ROWS))
    ),
    "nothing known of anybody": lambda world: world.report(
        never=np.full(ROWS, np.nan), nothing=np.full(ROWS, None), alike=1
    ),
    "an id in no order": lambda world: world.report(id=world.draw.permutation(ROWS)),
    "an id in the order of rows that says nothing": lambda world: world.report(
        timed=False, id=np.arange(ROWS)
    ),
}

LEAKS: dict[str, Callable[[World], Report]] = {
    "the outcome": lambda world: world.report(leak=world.label),
    "the outcome, some wrong": lambda world: world.report(leak=flipped(world, 0.04)),
    "the outcome and noise": lambda world: world.report(
        leak=world.label + world.draw.normal(0, 0.3, ROWS)
    ),
    "a count afterwards": lambda world: world.report(
        leak=world.draw.poisson(np.where(world.label, 3, 0.05))
    ),
    "half of what was done afterwards": lambda world: world.report(
        leak=world.label * world.draw.binomial(3, 0.2, ROWS)
    ),
    "a time that only they have": lambda world: world.report(
        timed=False,
        leak=(world.times + days(3)).dt.strftime("%Y-%m-%d").where(world.label == 1),
    ),
    "a time after the moment": lambda world: world.report(
        leak=world.times + days(world.draw.uniform(-30, 2, ROWS))
    ),
    "a time after the moment, as text": lambda world: world.report(
        leak=(world.times + days(world.draw.uniform(-30, 2, ROWS))).dt.strftime("%FT%TZ")
    ),
    "a time after the moment, in seconds": lambda world: world.report(
        leak=[at.timestamp() for at in world.times + days(world.draw.uniform(-30, 2, ROWS))]
    ),
    "an id of one or two rows, encoded": lambda world: world.report(
        leak=world.encoded(2, world.label)
    ),
    "an id of five rows, encoded": lambda world: world.report(leak=world.encoded(5, world.label)),
    "an id of twenty rows, encoded": lambda world: world.report(
        leak=world.encoded(20, world.label)
    ),
    "an id that counts with time": lambda world: world.report(
        world.seasons(), leak=world.times.rank() * 3 + 1_000
    ),
    "an id that nearly counts with time": lambda world: world.report(
        world.seasons(), leak=world.times.rank() + world.draw.normal(0, 40, ROWS)
    ),
    "the batch": lambda world: world.report(
        world.seasons(), leak=[f"b{int(day) // 5}" for day in world.day]
    ),
    "the number of the row": lambda world: world.report(
        world.seasons()[np.argsort(world.day)], timed=False, leak=np.arange(ROWS) + 7
    ),
}


@pytest.mark.parametrize("name", list(HONEST))
def test_honest_sets_pass(name: str) -> None:
    report = HONEST[name](World(11))
    require_clean(report)
    assert report.verdict in {"fine", "look"}
    assert not report.refused


@pytest.mark.parametrize("name", list(LEAKS))
def test_what_knows_the_outcome_is_refused_by_name(name: str) -> None:
    report = LEAKS[name](World(12))
    assert [one.feature for one in report.refused] == ["leak"]
    with pytest.raises(LeakError, match=r"'leak': .*--without leak.*--known-before leak") as told:
        require_clean(report)
    assert told.value.report is report
    assert all(one.reasons for one in report.refused)


def test_what_somebody_vouches_for_is_shown_and_passes() -> None:
    world = World(3)
    report = inspect(world.table.assign(leak=world.label), world.label, known_before=["leak"])
    require_clean(report)
    [found] = [one for one in report.features if one.feature == "leak"]
    assert found.verdict == "vouched for"
    assert "it alone tells the outcome with AUC 1.000" in "; ".join(found.reasons)


def test_a_source_after_the_moment_refuses_what_was_made_from_it() -> None:
    world = World(4)
    late = world.times + days(np.where(np.arange(ROWS) < 7, 2.0, -1.0))
    report = inspect(world.table, world.label, times=world.times, sources={"spend": late})
    assert [one.feature for one in report.refused] == ["spend"]
    assert report.refused[0].reasons == (
        "its source is later than the moment in 7 of 3,000 rows, by up to 2.0 days",
    )


def test_powers_are_those_of_a_plain_auc() -> None:
    world = World(5)
    report = world.report(coin=world.draw.integers(0, 2, ROWS))
    power = {one.feature: one for one in report.features}
    assert power["coin"].power == pytest.approx(0.5, abs=0.03)
    assert power["habit"].low < 0.66 < power["habit"].high
    assert power["habit"].in_order == pytest.approx(power["habit"].power, abs=0.05)
    assert report.shuffled is not None
    assert 0.6 < report.shuffled < 0.7
    assert [one.power for one in report.features] == sorted(
        (one.power for one in report.features), reverse=True
    )


def test_a_value_is_told_as_above_its_median_or_above_nothing() -> None:
    world = World(6)
    value = world.table["habit"] + world.draw.normal(size=ROWS)
    assert world.report(value).told.startswith("it is above its median")
    spent = np.where(world.label == 1, 12.5, 0.0)
    report = world.report(spent, leak=spent + world.draw.normal(size=ROWS))
    assert report.told == "it is above 0"
    assert [one.feature for one in report.refused] == ["leak"]


def test_too_few_rows_tell_nothing_but_lineage_does() -> None:
    times = pd.Series(pd.date_range("2026-01-01", periods=12, tz="UTC"))
    label = np.array([0, 1] * 6)
    report = inspect(pd.DataFrame({"leak": label, "late": times + days(1)}), label, times=times)
    assert [one.feature for one in report.refused] == ["late"]
    assert (report.shuffled, report.in_order) == (None, None)


def test_the_same_for_all_and_names_that_are_none_are_refused() -> None:
    table = pd.DataFrame({"a": range(50)})
    with pytest.raises(UnusableError, match="the outcome is 1 for all 50 rows"):
        inspect(table, np.ones(50))
    with pytest.raises(UnusableError, match="there is no feature 'b' to vouch for or to date"):
        inspect(table, np.arange(50) % 2, known_before=["b"])
