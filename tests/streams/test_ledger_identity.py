"""What names an event is its source and id together, within its subject: kept, referred to, undone.

Sources number their events as they like, so that most here have the id `1`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import msgspec
import pytest

from streams.events import (
    Leg,
    OrderCancel,
    OrderFulfil,
    OrderPlace,
    OrderRefund,
    PacketClaim,
    PacketSend,
    PacketShare,
    RedeemExpire,
    RedeemFail,
    RedeemSettle,
    Reverse,
    Reward,
    WalletEvent,
)
from streams.events.identity import event_key
from streams.ledger.legs import is_genuine
from streams.ledger.terms import SOURCES_MAX
from tests.streams.ledger_world import RULES, Outcome, World, at, name_on, of_source, world_with

ENDS = (OrderFulfil, OrderCancel, OrderRefund)


def told(world: World, source: str, event: WalletEvent) -> str:
    """What became of an event sent by a source."""
    outcome = world.send(of_source(source, event))
    return outcome.reason or outcome.outcome


def test_no_other_source_and_id_have_the_same_key() -> None:
    pairs = [("a", "bc"), ("ab", "c"), ("", "abc"), ("abc", ""), ("a/b", "c"), ("a", "b/c")]
    assert len({event_key(*pair) for pair in pairs}) == len(pairs)


# -- memory -------------------------------------------------------------------------------------


def test_two_sources_that_number_from_1_are_both_applied() -> None:
    world = world_with("a", coins=0)
    game = world.earn("a", amount=5, event_id="1")
    check_in = world.earn("a", "quiz", amount=3, event_id="1")
    assert told(world, "game", game) == "applied"
    assert told(world, "check-in", check_in) == "applied"
    assert world.balance("a") == 8
    assert [told(world, "game", game), told(world, "check-in", check_in)] == ["repeat"] * 2
    assert told(world, "game", check_in) == "conflict"
    assert told(world, "check-in", world.earn("a", "quiz", amount=4, event_id="1")) == "conflict"
    assert world.balance("a") == 8


def test_the_same_content_of_another_source_is_no_repeat() -> None:
    world = world_with("a", coins=0)
    event = world.earn("a", amount=5, event_id="1")
    assert [told(world, source, event) for source in ("game", "check-in")] == ["applied"] * 2
    assert world.balance("a") == 10


def test_a_refusal_is_remembered_of_its_source_only() -> None:
    world = world_with("a", "b", coins=5)
    gift = world.transfer("a", "b", 9, event_id="1")
    assert told(world, "app", gift) == "insufficient_balance"
    world.send(world.earn("a", amount=10))
    assert told(world, "shop", gift) == "applied"
    outcome = world.send(of_source("app", gift))
    assert (outcome.outcome, outcome.reason) == ("repeat", "insufficient_balance")


def test_a_result_tells_the_source() -> None:
    world = world_with("a")
    outcome = world.send(of_source("game", world.earn("a", amount=5, event_id="1")))
    assert (outcome.result.event_source, outcome.result.event_id) == ("game", "1")


# -- undoing ------------------------------------------------------------------------------------


def test_a_reversal_takes_back_the_event_of_its_original_s_source() -> None:
    world = world_with("a", coins=0)
    game, shop = (
        of_source(source, world.earn("a", amount=coins, event_id="1"))
        for source, coins in (("game", 5), ("shop", 3))
    )
    for event in (game, shop):
        world.send(event)
    taken = world.send(world.make(Reverse, "a", original=shop, event_id="1"))
    assert (taken.outcome, world.balance("a")) == ("applied", 5)
    assert (taken.result.cause, taken.result.cause_source) == ("1", "shop")
    assert world.send(world.make(Reverse, "a", original=shop)).reason == "already_reversed"
    stranger = of_source("another", game)
    assert world.send(world.make(Reverse, "a", original=stranger)).reason == "unknown_original"
    assert world.send(world.make(Reverse, "a", original=game)).outcome == "applied"
    assert world.balance("a") == 0


def two_gifts(world: World, payer: str, payee: str) -> tuple[WalletEvent, WalletEvent]:
    gifts = [
        of_source(source, world.transfer(payer, payee, coins, event_id="1"))
        for source, coins in (("app", 30), ("shop", 20))
    ]
    for gift in gifts:
        assert world.send(gift).outcome == "applied"
    world.drain()
    return gifts[0], gifts[1]


def test_a_leg_tells_the_source_of_what_began_it_and_is_signed_with_it() -> None:
    payer, payee = name_on(0, 2), name_on(1, 2)
    world = world_with(payer, payee, partitions=2)
    outcome = world.send(of_source("shop", world.transfer(payer, payee, 5, event_id="1")))
    (leg,) = outcome.legs
    assert (leg.data.cause_source, leg.data.cause) == ("shop", "1")
    assert is_genuine(leg, RULES.ledger_keys["k1"])
    altered = msgspec.structs.replace(leg.data, cause_source="app")
    assert not is_genuine(msgspec.structs.replace(leg, data=altered), RULES.ledger_keys["k1"])
    arrival = world.deliver(0, 1)
    assert (arrival.result.cause_source, arrival.result.cause) == ("shop", "1")
    assert [(leg.data.cause_source, leg.data.cause) for leg in arrival.legs] == [("shop", "1")]


def test_what_is_declined_elsewhere_stands_again_and_the_other_source_s_gift_too() -> None:
    payer, payee = name_on(0, 2), name_on(1, 2)
    world = world_with(payer, payee, partitions=2, coins=100)
    app, shop = two_gifts(world, payer, payee)
    world.send(world.transfer(payee, payer, 125))
    world.drain()
    assert world.send(world.make(Reverse, payer, original=app)).outcome == "asked"
    assert [o.reason for o in world.drain()] == ["insufficient_balance", ""]
    # 25 coins are left there: enough for the shop's gift, whose entry nobody touched.
    assert world.send(world.make(Reverse, payer, original=shop)).outcome == "asked"
    world.drain()
    assert world.balance(payee) == 5
    assert world.send(world.make(Reverse, payer, original=shop)).reason == "already_reversed"
    assert world.send(world.make(Reverse, payer, original=app)).outcome == "asked", "it stands"


def tiered_gifts(world: World, payer: str, payee: str) -> tuple[WalletEvent, WalletEvent]:
    """A gift that its payee may not hold, and one of the same id that it may."""
    for name, coins in ((payer, 100), (payee, 100)):
        world.send(world.open(name, program="tiered"))
        world.send(world.earn(name, amount=coins, program="tiered"))
    full, held = (
        of_source(source, world.transfer(payer, payee, coins, program="tiered", event_id="1"))
        for source, coins in (("app", 30), ("shop", 5))
    )
    return full, held


def test_a_gift_that_bounced_is_that_of_its_source() -> None:
    payer, payee = name_on(0, 2), name_on(1, 2)
    world = World(2)
    bounced, held = tiered_gifts(world, payer, payee)
    assert [world.send(gift).outcome for gift in (bounced, held)] == ["applied"] * 2
    world.drain()
    assert (world.balance(payer), world.balance(payee)) == (95, 105)
    again = world.make(Reverse, payer, program="tiered", original=bounced)
    assert world.send(again).reason == "unknown_original", "its coins came back already"
    taken = world.make(Reverse, payer, program="tiered", original=held)
    assert world.send(taken).outcome == "asked"
    assert all(outcome.outcome == "applied" for outcome in world.drain())
    assert (world.balance(payer), world.balance(payee)) == (100, 100)


# -- redemptions and orders ---------------------------------------------------------------------


def two_holds(world: World, name: str = "a") -> None:
    for source, coins in (("app", 30), ("shop", 20)):
        event = world.redeem(name, coins, until=at(2), event_id="1")
        assert told(world, source, event) == "applied"


@pytest.mark.parametrize("kind", [RedeemSettle, RedeemFail, RedeemExpire])
def test_a_redemption_is_resolved_by_its_source_or_as_the_only_one(kind: type) -> None:
    world = world_with("a")
    two_holds(world)

    def end(source: str | None = None) -> Outcome:
        ended = world.make(kind, "a", time=at(3), redemption="1", redemption_source=source)
        return world.send(of_source("app", ended))  # whose own source says nothing

    unclear = end()
    assert (unclear.reason, unclear.result.cause_source) == ("ambiguous_reference", "")
    assert end("game").reason == "unknown_hold"
    done = end("shop")
    assert (done.outcome, done.result.amount, done.result.cause_source) == ("applied", 20, "shop")
    account = world.get("a")
    assert account is not None
    assert account.pending == 30
    left = end()
    assert (left.outcome, left.result.amount, left.result.cause_source) == ("applied", 30, "app")
    assert end().reason == "unknown_hold"


def test_what_failed_is_released_and_the_other_source_s_can_still_be_taken_back() -> None:
    world = world_with("a")
    held = world.redeem("a", 30, until=at(2), event_id="1")
    paid = world.redeem("a", 20, event_id="1")
    assert [told(world, "app", held), told(world, "shop", paid)] == ["applied"] * 2
    assert world.send(world.make(RedeemFail, "a", redemption="1")).outcome == "applied"
    released = world.make(Reverse, "a", original=of_source("app", held))
    assert world.send(released).reason == "unknown_original"
    assert world.send(world.make(Reverse, "a", original=of_source("shop", paid))).reason == ""
    assert world.balance("a") == 100


def placed(world: World, source: str, *, item: str = "song", amount: int = 15) -> OrderPlace:
    event = world.make(OrderPlace, "a", item=item, amount=amount, event_id="1")
    assert told(world, source, event) == "applied"
    return of_source(source, event)


def order(world: World, kind: type, source: str | None = None, **more: Any) -> Outcome:
    return world.send(world.make(kind, "a", order="1", order_source=source, **more))


def test_an_order_held_of_one_source_and_delivered_of_another() -> None:
    world = world_with("a")
    placed(world, "app")
    assert order(world, OrderFulfil).outcome == "applied", "the only one"
    placed(world, "shop", item="comic", amount=6)
    assert {order(world, kind).reason for kind in ENDS} == {"ambiguous_reference"}
    assert order(world, OrderRefund, "shop").reason == "unknown_order", "it is still held"
    assert order(world, OrderFulfil, "app").reason == "unknown_order", "it was delivered"
    done = order(world, OrderFulfil, "shop")
    assert (done.outcome, done.result.cause_source) == ("applied", "shop")
    assert order(world, OrderRefund).reason == "ambiguous_reference", "two are delivered"
    back = order(world, OrderRefund, "app")
    assert (back.result.amount, back.result.cause_source) == (15, "app")
    assert order(world, OrderRefund, "app").reason == "already_refunded"
    assert order(world, OrderRefund, "shop").outcome == "applied"
    assert world.balance("a") == 100


def test_an_order_is_told_from_a_redemption_of_the_same_id() -> None:
    world = world_with("a")
    two_holds(world)
    placed(world, "music")
    assert order(world, OrderCancel).outcome == "applied", "the only order of that id"
    assert order(world, OrderCancel, "shop").reason == "unknown_order", "that is a redemption"
    assert world.send(
        world.make(RedeemSettle, "a", redemption="1", redemption_source="music")
    ).reason == ("unknown_hold")


def test_a_delivered_order_is_no_redemption_that_came_to_bear_its_names_later() -> None:
    world = world_with("a", "b")
    event = placed(world, "app")
    order(world, OrderFulfil)
    world.send(world.earn("b", amount=5, time=at(20)))
    world.send(world.earn("a", amount=5, time=at(20)))  # and the order is forgotten
    held = world.redeem("a", 5, until=at(30), time=at(20), event_id=event.id)
    assert told(world, "app", held) == "applied"
    assert order(world, OrderFulfil, time=at(20)).reason == "unknown_order"
    assert order(world, OrderCancel, "app", time=at(20)).reason == "unknown_order"
    assert order(world, OrderRefund, time=at(20)).outcome == "applied"


def test_an_id_is_in_use_of_its_source_only_and_of_so_many_sources() -> None:
    world = world_with("a")
    for number in range(SOURCES_MAX):
        source = f"s{number}"
        placed(world, source, item="comic", amount=6)
        assert order(world, OrderFulfil, source).outcome == "applied"
    more = world.make(OrderPlace, "a", item="comic", amount=6, event_id="1")
    assert world.balance("a") == 100 - 6 * SOURCES_MAX
    assert told(world, "one more", more) == "id_in_use"
    another = world.make(OrderPlace, "a", item="comic", amount=1, event_id="2")
    assert told(world, "one more", another) == "wrong_price", "only that id"


# -- shares and rewards -------------------------------------------------------------------------


def with_packet(*names: str) -> tuple[World, str]:
    world = world_with(*names)
    packet = "packet:p@0"
    terms = {"amount": 40, "claims": 8, "mode": "equal", "expires": at(2)}
    assert told(world, "app", world.make(PacketSend, "a", packet=packet, **terms)) == "applied"
    return world, packet


def claim(
    world: World, packet: str, claimer: str, source: str | None = None, days: float = 0
) -> Outcome:
    facts = {"claimer": claimer, "share": "1", "share_source": source, "time": at(days)}
    return world.send(world.make(PacketClaim, packet, **facts))


def test_a_share_is_told_by_its_source_or_as_the_only_one() -> None:
    world, packet = with_packet("a", "b", "c", "d", "e")
    shares = {
        source: world.make(PacketShare, packet, sharer=sharer, event_id="1")
        for source, sharer in (("app", "b"), ("web", "c"))
    }
    assert told(world, "app", shares["app"]) == "applied"
    first = claim(world, packet, "d").result
    assert (first.sharer, first.cause, first.cause_source) == ("b", "1", "app")
    assert told(world, "web", shares["web"]) == "applied"
    assert claim(world, packet, "e").reason == "ambiguous_reference"
    assert claim(world, packet, "e", "game").reason == "unknown_share"
    second = claim(world, packet, "e", "web").result
    assert (second.sharer, second.cause_source) == ("c", "web")
    assert [told(world, *one) for one in shares.items()] == ["repeat"] * 2
    assert told(world, "app", shares["web"]) == "conflict"


def test_a_share_that_is_forgotten_can_not_be_made_again() -> None:
    world = world_with("a", "b", "c")
    packet = "packet:p@0"
    terms = {"amount": 40, "claims": 8, "mode": "equal", "expires": at(90)}
    world.send(world.make(PacketSend, "a", packet=packet, **terms))
    world.send(world.make(PacketShare, packet, sharer="b", event_id="1"))
    later = {"event_id": "1", "time": at(20)}
    world.send(world.earn("a", amount=1, time=at(20)))
    assert told(world, "web", world.make(PacketShare, packet, sharer="c", **later)) == "applied"
    assert told(world, "test", world.make(PacketShare, packet, sharer="c", **later)) == "id_in_use"
    assert claim(world, packet, "c", "test", 20).result.sharer == "b"


def test_the_source_of_a_share_without_its_id_names_none() -> None:
    world, packet = with_packet("a", "b")
    assert (
        told(world, "app", world.make(PacketShare, packet, sharer="a", event_id="1")) == "applied"
    )
    event = world.make(PacketClaim, packet, claimer="b", share_source="app")
    assert world.send(event).reason == "unknown_share"


def rewarded(world: World, source: str | None, rule: str = "purchase") -> str:
    facts = {"campaign": "spring", "rule": rule, "conversion": "1", "conversion_source": source}
    if rule == "purchase":
        facts["value"] = 500
    outcome = world.send(world.make(Reward, "a", **facts))
    assert outcome.result.cause_source == (source or "")
    return outcome.reason or outcome.outcome


def with_budget() -> World:
    world = world_with("a", coins=0)
    world.send(world.fund("budget:spring@0", 1_000))
    return world


def test_conversions_of_two_sources_are_each_rewarded_once() -> None:
    world = with_budget()
    assert [rewarded(world, source) for source in ("app", "web")] == ["applied"] * 2
    assert [rewarded(world, source) for source in ("app", "web")] == ["already_rewarded"] * 2
    assert rewarded(world, None) == "ambiguous_reference"
    assert world.balance("a") == 10


def test_a_reward_without_a_source_stands_for_the_only_conversion() -> None:
    world = with_budget()
    assert rewarded(world, "app") == "applied"
    assert rewarded(world, None) == "already_rewarded"
    world = with_budget()
    assert [rewarded(world, None), rewarded(world, None)] == ["applied", "already_rewarded"]
    assert rewarded(world, "app") == "ambiguous_reference"


def test_a_reward_once_a_person_asks_for_no_source() -> None:
    world = with_budget()
    assert rewarded(world, "app", "first") == "applied"
    assert [rewarded(world, source, "first") for source in (None, "web")] == [
        "already_rewarded",
        "already_rewarded",
    ]


def test_conversions_of_more_sources_than_are_remembered_are_unclear() -> None:
    world = with_budget()
    assert {rewarded(world, f"s{number}") for number in range(SOURCES_MAX)} == {"applied"}
    assert rewarded(world, "s0") == "already_rewarded"
    assert rewarded(world, "one more") == "ambiguous_reference"


# -- what it costs ------------------------------------------------------------------------------


def test_a_wallet_s_record_holds_22_bytes_of_an_event_whatever_its_source() -> None:
    world = world_with("a", coins=0)
    sizes = []
    for _ in range(3):
        world.send(of_source("a-source-with-a-long-name" * 4, world.earn("a", amount=1)))
        sizes.append(len(world.accounts[0]["a"]))
    assert [after - before for before, after in pairwise(sizes)] == [22, 22]


def test_legs_of_a_leg_keep_its_cause() -> None:
    payer, payee = name_on(0, 2), name_on(1, 2)
    world = world_with(payer, payee, partitions=2)
    world.send(of_source("app", world.transfer(payer, payee, 5, event_id="1")))
    legs = [leg for outcome in world.drain() for leg in outcome.legs]
    assert legs
    assert all(isinstance(leg, Leg) for leg in legs)
    assert {(leg.data.cause_source, leg.data.cause) for leg in legs} == {("app", "1")}
