"""What a wallet can go through: held redemptions, freezing, closing, and events taken back."""

from __future__ import annotations

import pytest

from streams.events import (
    Close,
    Freeze,
    Grant,
    Redeem,
    RedeemExpire,
    RedeemFail,
    RedeemSettle,
    Reverse,
    Transfer,
    Unfreeze,
)
from streams.ledger.results import Posting
from tests.streams.ledger_world import World, at, name_on, world_with

# -- held redemptions ---------------------------------------------------------------------------


def hold(world: World, amount: int = 30) -> Redeem:
    event = world.redeem("a", amount, until=at(2))
    assert world.send(event).outcome == "applied"
    return event


def test_a_held_redemption_is_pending_and_its_coins_are_not_available() -> None:
    world = world_with("a", "b")
    outcome = world.send(world.redeem("a", 30, until=at(2)))
    assert list(outcome.postings) == [Posting("a", "wallet", 0, 100, 3, 30)]
    assert outcome.result.amount == 30
    assert world.send(world.transfer("a", "b", 71)).reason == "insufficient_balance"
    assert world.send(world.transfer("a", "b", 70)).outcome == "applied"


def test_settling_pays_the_carrier_once() -> None:
    world = world_with("a")
    event = hold(world)
    outcome = world.send(world.make(RedeemSettle, "a", redemption=event.id))
    assert list(outcome.postings) == [
        Posting("a", "wallet", -30, 70, 4, 0),
        Posting("carrier:unicom:p@0", "carrier", 30, 30, 1, 0),
    ]
    assert (outcome.result.cause, outcome.result.amount) == (event.id, 30)
    for kind in (RedeemSettle, RedeemFail, RedeemExpire):
        late = world.make(kind, "a", redemption=event.id, time=at(3))
        assert world.send(late).reason == "unknown_hold"


@pytest.mark.parametrize("kind", [RedeemFail, RedeemExpire])
def test_failing_or_expiring_frees_the_coins_once(kind: type) -> None:
    world = world_with("a")
    event = hold(world)
    outcome = world.send(world.make(kind, "a", redemption=event.id, time=at(2)))
    assert list(outcome.postings) == [Posting("a", "wallet", 0, 100, 4, 0)]
    assert world.send(world.make(RedeemSettle, "a", redemption=event.id)).reason == "unknown_hold"
    assert world.send(event).outcome == "repeat"
    assert world.send(world.make(Reverse, "a", original=event)).reason == "unknown_original"


def test_a_redemption_expires_by_an_event_of_its_time() -> None:
    world = world_with("a")
    event = hold(world)
    early = world.make(RedeemExpire, "a", redemption=event.id, time=at(1.999))
    assert world.send(early).reason == "not_due"
    settled = world.make(RedeemSettle, "a", redemption=event.id, time=at(9))
    assert world.send(settled).outcome == "applied"  # nothing expires by itself


def test_a_frozen_wallets_redemption_is_resolved() -> None:
    for kind in (RedeemSettle, RedeemFail, RedeemExpire):
        world = world_with("a")
        event = hold(world)
        world.send(world.make(Freeze, "a"))
        resolved = world.make(kind, "a", redemption=event.id, time=at(2))
        assert world.send(resolved).outcome == "applied"


def test_several_redemptions_are_held_apart() -> None:
    world = world_with("a")
    events = [hold(world, amount) for amount in (10, 20, 30)]
    world.send(world.make(RedeemFail, "a", redemption=events[1].id))
    world.send(world.make(RedeemSettle, "a", redemption=events[0].id))
    account = world.get("a")
    assert account is not None
    assert (account.posted, account.pending, account.available) == (90, 30, 60)


# -- freezing and closing -----------------------------------------------------------------------


def test_a_frozen_wallet_receives_and_does_nothing_else() -> None:
    world = world_with("a", "b")
    outcome = world.send(world.make(Freeze, "a", reason="lost"))
    assert list(outcome.postings) == [Posting("a", "wallet", 0, 100, 3, 0)]
    for event in (
        world.earn("a", amount=1),
        world.redeem("a", 1),
        world.transfer("a", "b", 1),
        world.make(Freeze, "a"),
        world.make(Close, "a", to="b"),
    ):
        assert world.send(event).reason == "frozen"
    assert world.send(world.transfer("b", "a", 5)).outcome == "applied"
    assert world.send(world.make(Unfreeze, "a")).outcome == "applied"
    assert world.send(world.transfer("a", "b", 105)).outcome == "applied"
    assert world.send(world.make(Unfreeze, "a")).reason == "not_frozen"


def test_a_closed_wallet_is_over() -> None:
    world = world_with("a", "b")
    outcome = world.send(world.make(Close, "a", to="b"))
    assert [(p.account, p.amount) for p in outcome.postings] == [("a", -100), ("b", 100)]
    for event in (
        world.earn("a", amount=1),
        world.make(Freeze, "a"),
        world.make(Unfreeze, "a"),
        world.make(Close, "a"),
    ):
        assert world.send(event).reason == "closed"
    assert world.send(world.open("a")).reason == "already_open"
    assert world.send(world.transfer("b", "a", 1)).outcome == "applied"
    assert [o.reason for o in world.drain()] == ["closed", ""]
    assert (world.balance("a"), world.balance("b")) == (0, 200)


def test_an_empty_wallet_needs_no_heir_and_a_heir_elsewhere_gets_a_leg() -> None:
    name, heir = name_on(0, 2), name_on(1, 2)
    world = world_with(name, heir, partitions=2)
    assert world.send(world.make(Close, name)).reason == "balance_left"
    assert world.send(world.make(Close, name, to=name)).reason == "to_self"
    outcome = world.send(world.make(Close, name, to=heir))
    assert [(p.kind, p.amount) for p in outcome.postings] == [("wallet", -100), ("clearing", 100)]
    world.drain()
    assert world.balance(heir) == 200
    empty = world_with("e", coins=0)
    outcome = empty.send(empty.make(Close, "e"))
    assert [p.amount for p in outcome.postings] == [0]


# -- events taken back --------------------------------------------------------------------------


def test_an_earn_taken_back_is_burnt() -> None:
    world = world_with("a", coins=0)
    event = world.earn("a", "purchase", spend=1299)
    world.send(event)
    world.send(world.make(Freeze, "a"))  # a fraud is frozen first
    outcome = world.send(world.make(Reverse, "a", original=event))
    assert [(p.account, p.amount) for p in outcome.postings] == [("a", -12), ("issuer:p@0", 12)]
    assert (outcome.result.cause, outcome.result.spend) == (event.id, 1299)
    assert world.send(event).outcome == "repeat"


def test_a_grant_goes_back_to_the_shard_and_a_redemption_to_the_wallet() -> None:
    world = world_with("a")
    world.send(world.fund("budget:spring@0", 9))
    grant, redeem = world.grant("a", 9), world.redeem("a", 50)
    world.send(grant)
    world.send(redeem)
    outcome = world.send(world.make(Reverse, "a", original=grant))
    assert [(p.account, p.amount) for p in outcome.postings] == [("a", -9), ("budget:spring@0", 9)]
    outcome = world.send(world.make(Reverse, "a", original=redeem))
    assert [(p.kind, p.amount) for p in outcome.postings] == [("carrier", -50), ("wallet", 50)]
    assert world.balance("a") == 100


def test_a_settled_redemption_can_be_taken_back_and_a_held_one_not() -> None:
    world = world_with("a")
    event = hold(world)
    assert world.send(world.make(Reverse, "a", original=event)).reason == "not_settled"
    world.send(world.make(RedeemSettle, "a", redemption=event.id))
    assert world.send(world.make(Reverse, "a", original=event)).outcome == "applied"
    assert (world.balance("a"), world.balance("carrier:unicom:p@0")) == (100, 0)


def test_a_transfer_is_taken_back_from_a_payee_who_still_has_it() -> None:
    world = world_with("a", "b", coins=10)
    event = world.transfer("a", "b", 10)
    world.send(event)
    world.send(world.redeem("b", 11))
    assert world.send(world.make(Reverse, "a", original=event)).outcome == "asked"
    assert [o.reason for o in world.drain()] == ["insufficient_balance", ""]
    world.send(world.earn("b", amount=1))
    assert world.send(world.make(Reverse, "a", original=event)).outcome == "asked"
    asked, back, _ = world.drain()
    assert [(p.account, p.amount) for p in asked.postings] == [("b", -10), ("clearing:p@0", 10)]
    assert [(p.account, p.amount) for p in back.postings] == [("clearing:p@0", -10), ("a", 10)]


def sent_away() -> tuple[World, Transfer]:
    payer, payee = name_on(0, 2), name_on(1, 2)
    world = world_with(payer, payee, coins=10, partitions=2)
    event = world.transfer(payer, payee, 10)
    world.send(event)
    world.drain()
    return world, event


def test_a_transfer_to_another_partition_is_asked_back() -> None:
    world, event = sent_away()
    outcome = world.send(world.make(Reverse, event.subject, original=event))
    assert (outcome.outcome, outcome.result.amount) == ("asked", 10)
    again = world.make(Reverse, event.subject, original=event)
    assert world.send(again).reason == "not_answered"
    steps = [(o.result.step, o.outcome, o.result.cause) for o in world.drain()]
    assert steps == [
        ("reverse_ask", "applied", event.id),
        ("reversal", "applied", event.id),
        ("ack", "applied", event.id),
    ]
    assert (world.balance(event.subject), world.total("clearing:p")) == (10, 0)


def test_a_payee_who_has_too_little_declines_and_the_transfer_stands() -> None:
    world, event = sent_away()
    world.send(world.redeem(event.data.to, 11))
    world.send(world.make(Reverse, event.subject, original=event))
    outcomes = [(o.result.step, o.outcome, o.reason) for o in world.drain()]
    assert outcomes == [
        ("reverse_ask", "refused", "insufficient_balance"),
        ("declined", "applied", ""),
    ]
    world.send(world.earn(event.data.to, amount=1))
    assert world.send(world.make(Reverse, event.subject, original=event)).outcome == "asked"
    world.drain()
    assert world.balance(event.subject) == 10


def test_coins_that_come_back_to_a_closed_wallet_wait_for_its_owner() -> None:
    world = world_with("a", "b")
    event = world.transfer("a", "b", 10)
    world.send(event)
    world.send(world.make(Close, "a", to="b"))
    world.send(world.make(Reverse, "a", original=event))
    back = world.drain()[1]
    assert [p.account for p in back.postings] == ["clearing:p@0", "waiting:p:a"]


def test_an_original_that_is_not_what_was_applied_is_unknown() -> None:
    world = world_with("a", "b")
    applied, refused = world.earn("a", amount=5), world.redeem("a", 1000)
    world.send(applied)
    world.send(refused)
    others = [
        refused,
        world.earn("a", amount=6, event_id=applied.id),
        world.earn("b", amount=5, event_id=applied.id),
        world.earn("a", amount=5),
        world.earn("a", amount=5, program="q", event_id=applied.id),
        Grant(**world.head("a", None, None), data=world.grant("a", 5).data),
    ]
    for original in others:
        assert world.send(world.make(Reverse, "a", original=original)).reason == "unknown_original"
    assert world.send(world.make(Reverse, "a", original=applied)).outcome == "applied"
    assert world.send(world.make(Reverse, "a", original=applied)).reason == "already_reversed"


def test_coins_already_spent_are_not_taken_back() -> None:
    world = world_with("a")
    event = world.earn("a", amount=5)
    world.send(event)
    world.send(world.redeem("a", 101))
    world.send(world.redeem("a", 4, until=at(2)))
    world.send(world.redeem("a", 97))
    assert world.send(world.make(Reverse, "a", original=event)).reason == "insufficient_balance"
