"""The checks that ClickHouse answers by itself, over events that only their sources tell apart."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from sql.client import rows
from streams.events import OrderFulfil, OrderPlace, OrderRefund, RedeemSettle
from streams.reconcile.stored import check_warehouse
from streams.settings import StreamSettings
from tests import keys
from tests.naive_settlement import insert
from tests.simulator.plan import RULES, Clients
from tests.streams.ledger_world import World, at, of_source, world_with
from tests.warehouses import add_tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from clickhouse_connect.driver.client import Client

    from streams.ledger.results import Result

pytestmark = pytest.mark.clickhouse

PARTITIONS = 3


@pytest.fixture
def warehouse(database: Client) -> Client:
    add_tables(database)
    return database


def results_of(world: World) -> list[Result]:
    return [outcome.result for outcomes in world.outcomes for outcome in outcomes]


def differences(client: Client) -> dict[str, str]:
    settings = StreamSettings(**keys.SETTINGS, partitions=PARTITIONS, dedup_window_days=2)
    return check_warehouse(client, settings).differences


def crowd() -> World:
    """What clients of several sources make, who all use the same ids."""
    world = World(PARTITIONS, RULES)
    clients = Clients(random.Random(5), PARTITIONS)
    clients.step = timedelta(seconds=5)
    for _ in range(1_500):
        clients.time += clients.step
        event = clients.event()
        clients.recall(event)
        world.send(event)
        world.drain()
    return world


def test_what_several_sources_sent_under_one_id_is_found_right(warehouse: Client) -> None:
    world = crowd()
    found = results_of(world)
    applied = [r for r in found if r.outcome == "applied" and r.type != "leg"]
    names = {(r.subject, r.event_id) for r in applied}
    assert len(applied) > len(names) + 30, "ids are used by several sources"
    insert(warehouse, found)
    assert differences(warehouse) == {}


def named_1() -> list[Result]:
    """Two redemptions, two orders and two earnings of the id `1`, each ended, by source."""
    world = world_with("a")
    for source in ("app", "shop"):
        for event in (
            world.redeem("a", 3, until=at(2), event_id="1"),
            world.make(RedeemSettle, "a", redemption="1", redemption_source=source, event_id="2"),
            world.make(OrderPlace, "a", item="comic", amount=6, event_id="3"),
            world.make(OrderFulfil, "a", order="3", order_source=source, event_id="4"),
            world.make(OrderRefund, "a", order="3", order_source=source, event_id="5"),
        ):
            assert world.send(of_source(source, event)).outcome == "applied"
    return results_of(world)


def bent(results: list[Result], kind: str, **changes: str) -> list[Result]:
    """The results, of which the last of a type tells another source."""
    last = max(at for at, result in enumerate(results) if result.type == kind)
    return [replace(r, **changes) if at == last else r for at, r in enumerate(results)]


@pytest.mark.parametrize(
    ("spoil", "check", "said"),
    [
        (lambda found: found, "", ""),
        (
            lambda found: bent(found, "redeem_settle", cause_source="app"),
            "pending",
            "redemption 1 of app: begun 1 times, ended 2",
        ),
        (
            lambda found: bent(found, "order_fulfil", cause_source="app"),
            "pending",
            "3 of app: begun 1 times, ended 2",
        ),
        (
            lambda found: bent(found, "order_refund", cause_source="app"),
            "pending",
            "refund 3 of app: begun 1 times, ended 2",
        ),
        (
            lambda found: bent(found, "order_place", event_source="app"),
            "once",
            "event 3 of app: applied 2 times",
        ),
    ],
)
def test_two_events_of_one_id_are_told_by_source(
    warehouse: Client, spoil: Callable[[list[Result]], list[Result]], check: str, said: str
) -> None:
    insert(warehouse, spoil(named_1()))
    found = differences(warehouse)
    assert said in found.get(check, "")
    assert (check == "") is (found == {})


def test_open_holds_and_orders_are_listed_by_source(warehouse: Client) -> None:
    results = named_1()
    left = [r for r in results if r.event_source == "app" or r.type in {"redeem", "order_place"}]
    insert(warehouse, left)
    place = {"account": "a", "partition": 0, "cut": 2**63}
    (hold,) = rows(warehouse, "ledger/holds", **place)
    assert (hold["redemption"], hold["source"], hold["amount"]) == ("1", "shop", 3)
    (order,) = rows(warehouse, "ledger/orders", **place)
    assert (order["order"], order["source"], order["item"]) == ("3", "shop", "comic")
