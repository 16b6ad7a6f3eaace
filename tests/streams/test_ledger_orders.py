"""Orders: held at the catalogue's price, delivered or cancelled once, refunded once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.events import (
    Close,
    Freeze,
    OrderCancel,
    OrderFulfil,
    OrderPlace,
    OrderRefund,
    RedeemExpire,
    RedeemFail,
    RedeemSettle,
)
from streams.ledger.results import Posting
from streams.ledger.terms import HOLDS_MAX
from tests.streams.ledger_world import PROGRAMS, World, at, world_with

MUSIC = "merchant:music:p@0"
ENDS = (OrderFulfil, OrderCancel, OrderRefund)


def ordered(world: World, name: str = "a", **changes: Any) -> OrderPlace:
    facts = {"item": "song", "quantity": 2, "amount": 30}
    event = world.make(OrderPlace, name, **{**facts, **changes})
    assert world.send(event).outcome == "applied"
    return event


def end(world: World, kind: type, order: OrderPlace, **changes: Any) -> str:
    outcome = world.send(world.make(kind, order.subject, order=order.id, **changes))
    return outcome.reason or outcome.outcome


def test_an_order_is_pending_until_it_is_delivered() -> None:
    world = world_with("a", "b")
    outcome = world.send(world.make(OrderPlace, "a", item="song", quantity=2, amount=30))
    assert list(outcome.postings) == [Posting("a", "wallet", 0, 100, 3, 30)]
    assert (outcome.result.amount, outcome.result.item) == (30, "song")
    assert world.send(world.transfer("a", "b", 71)).reason == "insufficient_balance"
    order = outcome.result.event_id
    outcome = world.send(world.make(OrderFulfil, "a", order=order))
    assert list(outcome.postings) == [
        Posting("a", "wallet", -30, 70, 4, 0),
        Posting(MUSIC, "merchant", 30, 30, 1, 0),
    ]
    assert (outcome.result.cause, outcome.result.amount) == (order, 30)


def test_a_cancelled_order_frees_its_coins() -> None:
    world = world_with("a")
    order = ordered(world)
    outcome = world.send(world.make(OrderCancel, "a", order=order.id, reason="sold out"))
    assert list(outcome.postings) == [Posting("a", "wallet", 0, 100, 4, 0)]
    assert outcome.result.amount == 30
    assert [end(world, kind, order) for kind in ENDS] == ["unknown_order"] * 3


def test_a_delivered_order_is_refunded_once_and_however_late() -> None:
    world = world_with("a")
    order = ordered(world)
    assert end(world, OrderRefund, order) == "unknown_order"
    assert end(world, OrderFulfil, order) == "applied"
    assert [end(world, kind, order) for kind in ENDS[:2]] == ["unknown_order"] * 2
    outcome = world.send(world.make(OrderRefund, "a", order=order.id, time=at(400)))
    assert list(outcome.postings) == [
        Posting(MUSIC, "merchant", -30, 0, 2, 0),
        Posting("a", "wallet", 30, 100, 5, 0),
    ]
    assert (outcome.result.cause, outcome.result.amount) == (order.id, 30)
    assert end(world, OrderRefund, order, time=at(401)) == "already_refunded"


def test_a_refund_for_a_closed_wallet_waits_for_its_owner() -> None:
    world = world_with("a", "b")
    order = ordered(world)
    end(world, OrderFulfil, order)
    world.send(world.make(Close, "a", to="b"))
    assert end(world, OrderRefund, order) == "applied"
    assert world.balance("waiting:p:a") == 30


def test_a_frozen_wallets_orders_are_ended() -> None:
    for kind in ENDS[:2]:
        world = world_with("a")
        order = ordered(world)
        world.send(world.make(Freeze, "a"))
        assert end(world, kind, order) == "applied"


def test_a_wallet_with_an_order_can_not_be_closed() -> None:
    world = world_with("a", "b")
    ordered(world)
    assert world.send(world.make(Close, "a", to="b")).reason == "has_pending"


def test_orders_and_redemptions_are_not_each_others() -> None:
    world = world_with("a")
    order = ordered(world)
    redemption = world.redeem("a", 10, until=at(2))
    world.send(redemption)
    for kind in (RedeemSettle, RedeemFail, RedeemExpire):
        wrong = world.make(kind, "a", redemption=order.id, time=at(3))
        assert world.send(wrong).reason == "unknown_hold"
    for kind in ENDS:
        wrong = world.make(kind, "a", order=redemption.id)
        assert world.send(wrong).reason == "unknown_order"
    account = world.get("a")
    assert account is not None
    assert account.pending == 40


def test_they_share_what_a_wallet_may_hold() -> None:
    world = world_with("a", coins=1000)
    for _ in range(HOLDS_MAX // 2):
        ordered(world)
        world.send(world.redeem("a", 1, until=at(2)))
    another = world.make(OrderPlace, "a", item="song", amount=15)
    assert world.send(another).reason == "too_many_holds"


def test_an_id_is_one_orders_for_good() -> None:
    world = world_with("a", "b")
    order = ordered(world)
    end(world, OrderFulfil, order)
    world.send(world.earn("b", amount=1, time=at(20)))
    world.send(world.earn("a", amount=1, time=at(20)))  # it forgets what is before the window
    again = world.make(OrderPlace, "a", item="song", amount=15, event_id=order.id, time=at(20))
    assert world.send(again).reason == "id_in_use"
    assert end(world, OrderRefund, order, time=at(20)) == "applied"


def test_the_same_id_may_order_for_two_wallets() -> None:
    world = world_with("a", "b")
    for name in "ab":
        order = ordered(world, name, event_id="tap")
        assert end(world, OrderFulfil, order) == "applied"
    assert world.balance(MUSIC) == 60
    order = ordered(world, "a", event_id="a:b")
    assert end(world, OrderFulfil, order) == "applied"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"item": "opera"}, "unknown_item"),
        ({"amount": 29}, "wrong_price"),
        ({"quantity": 1}, "wrong_price"),
        ({"quantity": 7, "amount": 105}, "insufficient_balance"),
    ],
)
def test_an_order_that_may_not_be_placed(changes: dict[str, Any], reason: str) -> None:
    world = world_with("a")
    facts = {"item": "song", "quantity": 2, "amount": 30}
    assert world.send(world.make(OrderPlace, "a", **{**facts, **changes})).reason == reason
    account = world.get("a")
    assert account is not None
    assert (account.posted, account.pending) == (100, 0)


@given(
    steps=st.lists(
        st.tuples(st.sampled_from([OrderPlace, *ENDS]), st.integers(0, 5), st.integers(1, 3)),
        max_size=40,
    )
)
def test_whatever_is_done_in_whichever_order_each_order_is_paid_at_most_once(
    steps: list[tuple[type, int, int]],
) -> None:
    world = world_with("a", coins=200)
    state: dict[str, str] = {}
    price: dict[str, int] = {}
    nexts = {OrderFulfil: "paid", OrderCancel: "free", OrderRefund: "back"}
    befores = {OrderFulfil: "held", OrderCancel: "held", OrderRefund: "paid"}
    for kind, number, quantity in steps:
        order = f"o{number}"
        if kind is OrderPlace:
            amount = quantity * PROGRAMS["p"].catalogue["comic"].price
            terms = {"item": "comic", "quantity": quantity, "amount": amount}
            done = world.send(world.make(OrderPlace, "a", **terms, event_id=order))
            assert (done.outcome == "applied") is (order not in state)
            if done.outcome == "applied":
                state[order], price[order] = "held", amount
        else:
            done = world.send(world.make(kind, "a", order=order))
            assert (done.outcome == "applied") is (state.get(order) == befores[kind])
            if done.outcome == "applied":
                state[order] = nexts[kind]
        sums = {s: sum(price[o] for o in state if state[o] == s) for s in ("held", "paid")}
        account = world.get("a")
        assert account is not None
        assert (account.posted, account.pending) == (200 - sums["paid"], sums["held"])
        assert world.balance("merchant:comics:p@0") == sums["paid"]
