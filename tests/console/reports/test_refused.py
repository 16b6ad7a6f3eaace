"""What was asked of a budget and refused: told by coins, a caution in lift, hidden where few."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from console.reporting.viewer import Viewer
from console.reports.coins import REPORT, CoinReport, coins
from console.reports.lift import lift
from console.reports.refused import REFUSED, Refused
from console.settings import ConsoleSettings
from streams.events import Reward
from tests.console.world import PROGRAMS
from tests.naive_settlement import insert as store
from tests.simulator.plan import RULES
from tests.streams.ledger_world import START, World, name_on

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

pytestmark = pytest.mark.clickhouse

BEGUN = 1_772_323_200_000_000  # microseconds
HERE = [name_on(0, 2, n) for n in range(0, 6_000, 100)]  # 60 people of one partition
THERE = [name_on(1, 2, n) for n in range(0, 1_000, 100)]  # 10 of the reserve's


def asked_of(found: CoinReport) -> list[tuple[Any, ...]]:
    return [
        (each.operation, each.reason, each.events, each.people, each.coins)
        for each in found.refused
    ]


def of_spring(operation: str, events: int, people: int, coins: int | None) -> Refused:
    return Refused(
        campaign="spring",
        program="p",
        operation=operation,
        reason="budget_exhausted",
        events=events,
        people=people,
        coins=coins,
    )


def as_spring(client: Client, database: Path) -> CoinReport:
    asked = {"campaign": ["spring"], "advertiser": ""}
    settings = ConsoleSettings(database=f"sqlite:///{database}", programs=PROGRAMS)
    return REPORT.find(client, asked, settings, viewer=Viewer(organisation="spring")).found


@pytest.fixture
def early(fresh: Callable[[], Client]) -> Client:
    """Everyone is granted 10 coins by a shard that has not heard of the fund; half ask again."""
    world = World(2, RULES)
    facts = {"campaign": "spring", "time": START}
    for name in (*HERE, *THERE):
        world.send(world.open(name, time=START))
    reserve = world.send(world.fund("budget:spring", 4_000, time=START))
    assert reserve.outcome == "applied"
    for name in (*HERE, *THERE):
        early = world.send(world.grant(name, 10, **facts))
        assert (early.outcome, early.reason) == ("refused", "budget_exhausted")
    for name in THERE[:3]:
        event = world.make(Reward, name, rule="friend", conversion="c", to=HERE[0], **facts)
        assert world.send(event).reason == "budget_exhausted"
    world.drain()  # the leases arrive
    for name in HERE[:30]:
        assert world.send(world.grant(name, 10, **facts)).outcome == "applied"
    world.drain()
    client = fresh()
    store(client, [outcome.result for outcomes in world.outcomes for outcome in outcomes])
    return client


def test_what_was_refused_is_told_by_name(early: Client) -> None:
    found = coins(early, ["spring"], "", PROGRAMS)
    assert found.refused == (of_spring("grant", 70, 70, 700), of_spring("reward", 3, 3, None))
    assert REFUSED in found.notes
    (row,) = found.by_campaign
    assert (row.granted, row.left) == (300, 3_700)
    rows = REPORT.rows(found)
    assert sum(each["coins"] or 0 for each in rows) == row.budget  # as without what was refused
    assert [
        (each["name"], each["events"], each["people"], each["coins_refused"])
        for each in rows
        if each["place"] == "refused"
    ] == [
        ("grant of spring: budget_exhausted", 70, 70, 700),
        ("reward of spring: budget_exhausted", 3, 3, None),
    ]


def test_an_organisation_is_told_that_many_were_refused_and_not_how_many(
    early: Client, tmp_path: Path
) -> None:
    found = as_spring(early, tmp_path / "console.sqlite")
    (row,) = found.refused
    assert (row.operation, row.reason) == ("grant", "budget_exhausted")
    assert (row.events, row.people, row.coins) == (None, None, None)


def test_an_organisation_is_not_told_that_a_few_were_refused(
    fresh: Callable[[], Client], tmp_path: Path
) -> None:
    world = World(2, RULES)
    for name in HERE[:2]:
        world.send(world.open(name, time=START))
    world.send(world.fund("budget:spring@0", 10, time=START))
    for name in HERE[:2]:
        world.send(world.grant(name, 10, campaign="spring", time=START))
    client = fresh()
    store(client, [outcome.result for outcomes in world.outcomes for outcome in outcomes])
    assert asked_of(coins(client, ["spring"], "", PROGRAMS)) == [
        ("grant", "budget_exhausted", 1, 1, 10)
    ]
    found = as_spring(client, tmp_path / "console.sqlite")
    assert found.refused == ()
    assert REFUSED not in found.notes


def test_a_grant_that_the_reserve_refused_counts_with_the_others(
    fresh: Callable[[], Client],
) -> None:
    world = World(2, RULES)
    world.send(world.open(THERE[0], time=START))
    world.send(world.fund("budget:spring", 100, time=START))
    world.drain()
    asked = world.send(world.grant(THERE[0], 90, campaign="spring", time=START))
    assert asked.outcome == "asked"
    world.drain()
    client = fresh()
    store(client, [outcome.result for outcomes in world.outcomes for outcome in outcomes])
    found = coins(client, ["spring"], "", PROGRAMS)
    assert asked_of(found) == [("grant", "budget_exhausted", 1, 1, 90)]
    assert found.by_campaign[0].granted == 0


def test_lift_cautions_about_the_people_who_got_no_coins(
    early: Client, insert: Callable[..., None]
) -> None:
    control = [f"control-{n}" for n in range(70)]
    for arm, people in (("treated", [*HERE, *THERE]), ("control", control)):
        more = {"id": people, "arm": arm, "probability": 0.5}
        insert(early, "assignment", "spring", people, BEGUN, **more)
    (caution,) = lift(early, "spring").cautions
    assert caution.en == (
        "The ledger refused 40 of 70 people of arm treated (57.1 %) their coins, and they got "
        "none (budget exhausted): this is the effect of the arm as it was carried out, not of its "
        "coins."
    )
