"""Settlement and flags of events that only their sources, or their subjects, tell apart.

The rows are those of the real fold; nearly every event has the id `1`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from console.compliance.flags import flags
from console.settlement.month import month
from console.settlement.postings import line_postings
from console.settlement.statement import statement
from streams.events import RedeemSettle, Reverse, WaitingReturn
from tests.naive_settlement import delivered, deliveries, insert, movements
from tests.streams.ledger_world import World, at, of_source, world_with

if TYPE_CHECKING:
    from collections.abc import Callable

    from clickhouse_connect.driver.client import Client

    from streams.events import WalletEvent

pytestmark = pytest.mark.clickhouse

MARCH = month("2026-03")


def send(world: World, source: str, event: WalletEvent) -> WalletEvent:
    event = of_source(source, event)
    outcome = world.send(event)
    assert outcome.outcome == "applied", outcome.reason
    return event


def stored(world: World, client: Client) -> Client:
    insert(client, [outcome.result for outcomes in world.outcomes for outcome in outcomes])
    return client


def test_a_settlement_is_of_the_redemption_of_its_source(fresh: Callable[[], Client]) -> None:
    world = world_with("a")
    for source, coins in (("app", 5), ("shop", 14)):
        held = {"carrier": "mobile", "until": at(2), "event_id": "1"}
        send(world, source, world.redeem("a", coins, **held))
    for source in ("app", "shop"):
        settled = {"redemption": "1", "redemption_source": source}
        send(world, "gateway", world.make(RedeemSettle, "a", **settled))
    client = stored(world, fresh())
    results = [outcome.result for outcome in world.outcomes[0]]
    assert delivered(client, MARCH) == deliveries(results, movements(results), MARCH)
    (own,) = statement(client, "carrier:mobile", MARCH).programs
    assert sorted((line.events, line.mb, line.coins) for line in own.delivered or ()) == [
        (1, 10, 5),
        (1, 30, 14),
    ]


def test_a_posting_tells_its_event_and_cause_with_their_sources(
    fresh: Callable[[], Client],
) -> None:
    world = world_with("a")
    send(world, "app", world.redeem("a", 5, until=at(2), event_id="1"))
    send(world, "gateway", world.make(RedeemSettle, "a", redemption="1", event_id="9"))
    found = statement(stored(world, fresh()), "carrier:unicom", MARCH)
    client = fresh()
    asked: dict[str, Any] = {"operation": "redeem_settle", "program": "p", "limit": 10}
    (row,) = line_postings(stored(world, client), found, MARCH, **asked)
    assert (row["event_id"], row["event_source"]) == ("9", "gateway")
    assert (row["cause"], row["cause_source"]) == ("1", "app"), "which was found by its id alone"


@pytest.mark.parametrize("partitions", [1, 2])
def test_a_gift_that_was_undone_is_not_taken_for_the_wallet_s_own_event_of_its_names(
    fresh: Callable[[], Client], partitions: int
) -> None:
    world = world_with("a", "d", coins=0, partitions=partitions)  # on two partitions, if there are
    for number in range(partitions):
        world.send(world.fund(f"budget:spring@{number}", 10))
    world.send(world.earn("d", amount=20))
    world.send(world.grant("a", 10))
    gift = send(world, "s", world.transfer("d", "a", 20, event_id="1"))
    world.drain()
    send(world, "s", world.earn("a", amount=5, event_id="1"))
    world.send(world.make(Reverse, "d", original=gift))
    world.drain()
    send(world, "app", world.redeem("a", 15))
    (own,) = statement(stored(world, fresh()), "advertiser:spring", MARCH).programs
    assert own.budget is not None
    assert (own.budget.in_hand, own.budget.spent) == (0, {"redeem": 10})


CIRCLES: dict[str, Any] = {"circle_coins": 10, "circle_days": 2, "circle_share": 0.5}


def test_gifts_of_one_id_time_and_amount_are_as_many_as_they_are(
    fresh: Callable[[], Client],
) -> None:
    world = world_with("a", "b")
    for payer, payee in (("a", "b"), ("b", "a")):
        send(world, "app", world.transfer(payer, payee, 30, event_id="1"))
        world.drain()
    (flag,) = flags(stored(world, fresh()), MARCH, ["circular_gifts"], CIRCLES).flags
    assert (flag.coins, flag.events) == (60, 2)
    assert (flag.evidence, flag.sources) == (("1", "1"), ("app", "app"))


def test_a_gift_that_was_taken_back_leaves_the_other_source_s(fresh: Callable[[], Client]) -> None:
    world = world_with("a", "b")
    back, _ = (
        send(world, source, world.transfer("a", "b", 30, event_id="1")) for source in ("app", "web")
    )
    send(world, "web", world.transfer("b", "a", 30, time=at(0.1), event_id="2"))
    world.send(world.make(Reverse, "a", original=back))
    world.drain()
    (flag,) = flags(stored(world, fresh()), MARCH, ["circular_gifts"], CIRCLES).flags
    assert (flag.coins, flag.events, flag.sources) == (60, 2, ("web", "web"))
    assert flag.last_time - flag.first_time == timedelta(days=0.1)


def test_a_gift_that_waited_in_vain_is_as_if_it_had_never_been(
    fresh: Callable[[], Client],
) -> None:
    world = world_with("a", coins=0)
    world.send(world.fund("budget:spring@0", 10))
    world.send(world.grant("a", 10))
    send(world, "app", world.transfer("a", "nobody", 10, event_id="1"))
    world.drain()
    world.send(world.make(WaitingReturn, "nobody", time=at(30), event_id="1"))
    world.drain()
    assert world.balance("a") == 10
    (own,) = statement(stored(world, fresh()), "advertiser:spring", MARCH).programs
    assert own.budget is not None
    assert (own.budget.in_hand, own.budget.spent) == (10, {})
