"""The evening: valid events, and in the fold, by the demo's rules, what the demo claims of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec
import pytest

from local.demo.rules import PROGRAM, TOLD, close_gate
from scenarios import evening
from streams.events import decode_campaign, decode_wallet, encode, partition_of
from streams.programs import load
from streams.programs.explained import explain
from tests.streams.ledger_world import RULES, World

if TYPE_CHECKING:
    from pathlib import Path

    from streams.events import Event
    from tests.streams.ledger_world import Outcome


def said(partitions: int) -> list[Event]:
    return [*evening.joining(partitions), *evening.evening(partitions)]


def lived(folder: Path, partitions: int) -> tuple[World, dict[str, Outcome]]:
    close_gate(folder)
    rules = msgspec.structs.replace(RULES, programs=load(folder))
    world = World(partitions, rules)
    outcomes = {}
    for event in said(partitions):
        if not event.__struct_config__.tag.startswith("flowdrop.campaign."):
            partition = partition_of(event.subject, partitions)
            outcomes[event.id] = world.send(event, partition=partition)
    world.drain()
    return world, outcomes


def test_its_events_are_valid_each_with_an_id_of_its_own() -> None:
    events = said(8)
    for event in events:
        is_campaigns = event.__struct_config__.tag.startswith("flowdrop.campaign.")
        assert (decode_campaign if is_campaigns else decode_wallet)(encode(event)) == event
    assert len({event.id for event in events}) == len(events)
    assert events == said(8)


@pytest.mark.parametrize("partitions", [1, 3, 8])
def test_it_comes_to_what_the_demo_claims(tmp_path: Path, partitions: int) -> None:
    world, outcomes = lived(tmp_path, partitions)
    reasons = Counter(outcome.reason for outcome in outcomes.values())
    empty = evening.GUESTS - evening.DRAWS
    assert reasons == {"": len(outcomes) - 1 - empty, "carrier_closed": 1, "packet_empty": empty}
    assert outcomes[evening.REFUSED].reason == "carrier_closed"
    drawn = [o.result.amount for name, o in outcomes.items() if "/claim-" in name]
    assert sum(drawn) == evening.PACKET_COINS
    given = evening.PURCHASE_COINS + evening.FRIEND_COINS
    budgets = [
        world.balance(name)
        for accounts in world.accounts
        for name in accounts
        if name.startswith("budget:")
    ]
    funded = evening.RESERVE_COINS + evening.SHARD_COINS
    assert sum(budgets) == funded - evening.PACKET_COINS - given
    assert world.balance(evening.MEI) == 60 + evening.FRIEND_COINS - evening.REDEEMED_COINS
    assert world.balance(evening.TAO) == 60 + evening.PURCHASE_COINS - evening.SONGS_COINS


def test_the_gate_is_closed_for_a_day_and_in_no_other_program(tmp_path: Path) -> None:
    close_gate(tmp_path)
    shipped, closed = load(), load(tmp_path)
    assert {name for name in closed if closed[name] != shipped[name]} == {PROGRAM}
    [redeem] = [event for event in said(1) if event.id == evening.REFUSED]
    assert explain("carrier_closed", redeem, closed[PROGRAM]) == TOLD


def test_wallets_are_open_before_the_rest_begins() -> None:
    opened = [event.type for event in evening.supply(evening.BEGINS, 8).events]
    assert set(opened) == {f"flowdrop.wallet.{word}" for word in ("open", "fund", "earn")}
    everything = list(evening.supply(None, 8).events)
    assert [event.type for event in everything[: len(opened)]] == opened
    assert len(everything) == evening.supply(None, 8).total == len(said(8))
    assert "flowdrop.wallet.open" not in {e.type for e in everything[len(opened) :]}
