"""The benchmark of targeting draws the city's own people, and its rules are ordered as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from benchmarks import targeting
from benchmarks.targeting import RULES, Campaign, campaign, city, found_of
from scenarios.city.city import chunks
from scenarios.city.people import People
from scenarios.city.plan import WORLDS, Plan, World, name
from scenarios.city.truth import Truth

if TYPE_CHECKING:
    from pathlib import Path

SMALL = 2_000


@pytest.mark.parametrize("world", WORLDS)
def test_it_draws_what_the_citys_records_say(tmp_path: Path, world: World) -> None:
    plan = Plan(people=250, days=32, seed=6, partitions=4, world=world)
    for _ in chunks(plan, Truth(tmp_path, plan.seed)):
        pass
    rows = pq.read_table(tmp_path / "outcomes.parquet").to_pylist()
    arms = pq.read_table(tmp_path / "arms.parquet").to_pylist()
    drawn: dict[str, Campaign] = {
        f"city-6-{number}": campaign(People(plan), number) for number in range(1, 5)
    }
    assert {row["campaign"] for row in rows} == set(drawn)
    at = {
        of: {name(6, person): row for row, person in enumerate(one.person.tolist())}
        for of, one in drawn.items()
    }
    for row in rows:
        one, own = drawn[row["campaign"]], at[row["campaign"]][row["person"]]
        names = [arm["arm"] for arm in arms if arm["campaign"] == row["campaign"]]
        number = int(one.arm[own])
        assert names[number] == row["arm"]
        assert one.done.chance[own] == row[f"chance_{number}"]
        assert bool(one.done.converts[own]) == row[f"converts_{number}"]
        assert bool(one.done.visits[own]) == row[f"visits_{number}"]
    # the others have no wallet yet
    assert len(rows) > 0.6 * sum(len(one.person) for one in drawn.values())


@pytest.mark.parametrize("world", WORLDS)
def test_nobody_beats_the_oracle_and_nothing_comes_of_nothing(
    monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    monkeypatch.setattr(targeting, "RACED", ("response-linear", "t-linear"))
    found = city(world, 3, SMALL)
    assert tuple(found.buyers) == RULES
    assert max(found.buyers.values()) == found.buyers["oracle"]
    if world == "nothing":
        assert set(found.buyers.values()) == {0.0}
        assert found.drops == targeting.LOTS
        assert found.held > 0.7 * found.drops
    elif world == "seen":
        assert found.buyers["foreseeable"] > 1.5 * found.buyers["random"]
    shown = found_of([found])
    assert [row["rule"] for row in shown["rules"]] == list(RULES)
