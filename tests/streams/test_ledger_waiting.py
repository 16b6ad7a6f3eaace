"""Coins that wait for a name, what is taken back of them, and that no partition shows in an answer.

Every test here is told twice: the payee on the payer's partition, and on another. What is answered
and what everybody has in the end must be the same.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from streams.events import (
    Close,
    Grant,
    PacketClaim,
    PacketExpire,
    PacketSend,
    PacketShare,
    PointsIn,
    Reverse,
    Reward,
    WaitingRelease,
    WaitingReturn,
)
from streams.events.times import microseconds
from streams.ledger.accounts import BALANCE_MAX, waiting_name
from streams.ledger.terms import GIFTS_MAX, Gift, gifts_of
from tests.streams.ledger_world import START, World, at, name_on, partition_of

if TYPE_CHECKING:
    from streams.events import WalletEvent

A = name_on(0, 2)
NEAR, FAR = name_on(0, 2, 100), name_on(1, 2, 100)
ELSE = {NEAR: name_on(0, 2, 200), FAR: name_on(1, 2, 200)}
PACKET = "packet:x@0"

both = pytest.mark.parametrize("b", [NEAR, FAR], ids=["same partition", "another"])


class Told(NamedTuple):
    """What a client was told, then what legs came to, by step."""

    answer: tuple[str, str]
    legs: list[tuple[str, str]]


def tell(world: World, event: WalletEvent) -> Told:
    outcome = world.send(event)
    legs = [(o.result.step, o.reason) for o in world.drain() if o.result.step != "ack"]
    check(world)
    return Told((outcome.outcome, outcome.reason), legs)


def check(world: World) -> None:
    """Nothing is on its way, each partition sums to zero, and what waits is what the gifts say."""
    for number, accounts in enumerate(world.accounts):
        here = {name: world.on(number, name) for name in accounts}
        programs = {one.program for one in here.values() if one is not None}
        for program in programs:
            own = [one for one in here.values() if one is not None and one.program == program]
            assert sum(one.posted for one in own) == 0
            for one in own:
                assert one.kind != "clearing" or one.pending == 0
                if one.kind == "waiting":
                    assert one.posted == sum(gift.amount for gift in gifts_of(one.terms))
    for program in ("p", "tiered"):
        assert world.total(f"clearing:{program}") == 0


def world_of(*names: str, coins: int = 100, program: str = "p") -> World:
    world = World(2)
    for name in names:
        world.send(world.open(name, program=program))
        if coins:
            world.send(world.earn(name, amount=coins, program=program))
    return world


def waits(world: World, name: str, program: str = "p") -> list[Gift]:
    account = world.on(partition_of(name, 2), waiting_name(program, name))
    return [] if account is None else gifts_of(account.terms)


def reverse(world: World, original: Any, program: str = "p") -> Told:
    event = world.make(Reverse, original.subject, original=original, program=program)
    return tell(world, event)


# -- gifts to a name without a wallet -------------------------------------------------------------


@both
def test_a_gift_waits_for_its_payee_and_comes_when_the_wallet_opens(b: str) -> None:
    world = world_of(A)
    gift = world.transfer(A, b, 50)
    assert tell(world, gift) == (("applied", ""), [("transfer", "")])
    assert (world.balance(A), world.get(b)) == (50, None)
    assert waits(world, b) == [Gift(A, "test", gift.id, 50, microseconds(START))]
    opened = world.send(world.open(b))
    assert [(p.kind, p.amount, p.balance) for p in opened.postings] == [
        *(("wallet", 0, 0), ("waiting", -50, 0), ("wallet", 50, 50)),
    ]
    assert opened.result.amount == 50
    assert (world.balance(b), waits(world, b)) == (50, [])


@both
def test_a_gift_that_waits_is_taken_back_from_where_it_waits(b: str) -> None:
    world = world_of(A)
    gift, other = world.transfer(A, b, 50), world.transfer(A, b, 7)
    tell(world, gift)
    tell(world, other)
    asked = [("reverse_ask", ""), ("reversal", "")]
    assert reverse(world, gift) == (("asked", ""), asked)
    assert [one.amount for one in waits(world, b)] == [7]
    assert world.balance(A) == 93
    tell(world, world.open(b))
    tell(world, world.earn(b, amount=60))
    assert world.balance(b) == 67
    assert reverse(world, gift).answer == ("refused", "already_reversed")


@both
def test_a_gift_that_waited_is_taken_back_from_the_wallet_that_it_came_to(b: str) -> None:
    world = world_of(A)
    gift = world.transfer(A, b, 50)
    tell(world, gift)
    tell(world, world.open(b))
    tell(world, world.earn(b, amount=60))
    assert reverse(world, gift).legs == [("reverse_ask", ""), ("reversal", "")]
    assert (world.balance(A), world.balance(b), waits(world, b)) == (100, 60, [])


@both
def test_a_payee_who_has_too_little_keeps_it_and_the_gift_stands(b: str) -> None:
    world = world_of(A, b)
    gift = world.transfer(A, b, 50)
    tell(world, gift)
    tell(world, world.redeem(b, 120))
    first = world.make(Reverse, A, original=gift)
    told = tell(world, first)
    assert told == (
        ("asked", ""),
        [("reverse_ask", "insufficient_balance"), ("declined", "")],
    )
    again = world.send(first)  # what asked is corrected by the answer
    assert (again.outcome, again.reason) == ("repeat", "insufficient_balance")
    tell(world, world.earn(b, amount=20))
    assert reverse(world, gift).answer == ("asked", "")
    assert [world.balance(name) for name in (A, b)] == [100, 0]


@both
def test_while_it_is_not_answered_nobody_takes_it_back_again(b: str) -> None:
    world = world_of(A, b)
    gift = world.transfer(A, b, 50)
    tell(world, gift)
    first, second = (world.make(Reverse, A, original=gift) for _ in range(2))
    assert world.send(first).outcome == "asked"
    assert world.send(second).reason == "not_answered"
    assert world.send(first).outcome == "repeat"
    world.drain()
    assert reverse(world, gift).answer == ("refused", "already_reversed")
    assert [world.balance(name) for name in (A, b)] == [100, 100]


@both
def test_another_gift_of_the_same_id_from_elsewhere_is_not_touched(b: str) -> None:
    world = world_of(A, ELSE[b])
    mine, theirs = (world.transfer(name, b, 50, event_id="1") for name in (A, ELSE[b]))
    tell(world, theirs)
    tell(world, mine)
    reverse(world, mine)
    assert [(one.payer, one.amount) for one in waits(world, b)] == [(ELSE[b], 50)]
    assert [world.balance(name) for name in (A, ELSE[b])] == [100, 50]


# -- going back -----------------------------------------------------------------------------------


def back(world: World, name: str, days: float) -> Told:
    return tell(world, world.make(WaitingReturn, name, time=at(days)))


@both
def test_after_30_days_an_event_sends_it_back(b: str) -> None:
    world = world_of(A)
    gift = world.transfer(A, b, 50)
    tell(world, gift)
    tell(world, world.transfer(A, b, 7, time=at(5)))
    assert back(world, b, 29.9).answer == ("refused", "not_due")
    assert world.balance(A) == 43
    event = world.make(WaitingReturn, b, time=at(30))
    assert tell(world, event) == (("applied", ""), [("unclaimed", "")])
    assert tell(world, event).answer == ("repeat", "")
    assert (world.balance(A), [one.amount for one in waits(world, b)]) == (93, [7])
    assert back(world, b, 31).answer == ("refused", "not_due")
    assert back(world, b, 36).answer == ("applied", "")
    assert back(world, b, 37).answer == ("refused", "nothing_waiting")
    assert world.balance(A) == 100
    tell(world, world.open(b, time=at(38)))
    assert world.balance(b) == 0


@both
def test_what_went_back_can_not_be_taken_back(b: str) -> None:
    world = world_of(A)
    gift = world.transfer(A, b, 50)
    tell(world, gift)
    back(world, b, 30)
    tell(world, world.open(b, time=at(30)))
    tell(world, world.earn(b, amount=60, time=at(30)))
    late = world.make(Reverse, A, original=gift, time=at(30))
    assert tell(world, late).answer == ("refused", "unknown_original")
    assert [world.balance(name) for name in (A, b)] == [100, 60]


@both
def test_what_is_on_its_way_back_is_not_taken_from_the_wallet_as_well(b: str) -> None:
    """It goes back, its payee opens and earns, and its payer asks before it has come."""
    world = world_of(A)
    gift = world.transfer(A, b, 50)
    tell(world, gift)
    world.send(world.make(WaitingReturn, b, time=at(30)))
    world.send(world.open(b, time=at(30)))
    world.send(world.earn(b, amount=60, time=at(30)))
    asks = world.make(Reverse, A, original=gift, time=at(30))
    assert world.send(asks).outcome == "asked"
    world.drain()
    check(world)
    assert [world.balance(name) for name in (A, b)] == [100, 60]
    assert world.send(asks).reason == "unknown_original"


@both
def test_a_wallet_that_may_not_hold_it_all_sends_the_rest_back(b: str) -> None:
    world = world_of(A, ELSE[b], program="tiered")
    for payer, amount in ((A, 40), (ELSE[b], 40), (A, 30), (ELSE[b], 30)):
        tell(world, world.transfer(payer, b, amount, program="tiered"))
    assert sum(one.amount for one in waits(world, b, "tiered")) == 140
    told = tell(world, world.open(b, program="tiered"))  # 110 at most, of an unknown owner
    assert told == (("applied", ""), [("unclaimed", "")])
    assert [world.balance(name) for name in (A, ELSE[b], b)] == [30, 60, 110]
    assert tell(world, world.transfer(ELSE[b], A, 30, program="tiered")).answer == ("applied", "")


@both
def test_no_more_than_so_many_gifts_wait_for_a_name(b: str) -> None:
    world = world_of(A)
    for number in range(GIFTS_MAX):
        assert tell(world, world.transfer(A, b, 1)).legs == [("transfer", "")], number
    told = tell(world, world.transfer(A, b, 1))
    assert told == (("applied", ""), [("transfer", "too_many_waiting"), ("bounce", "")])
    assert (world.balance(A), len(waits(world, b))) == (100 - GIFTS_MAX, GIFTS_MAX)
    assert tell(world, world.open(b)).answer == ("applied", "")
    assert world.balance(b) == GIFTS_MAX


# -- payees who can not take it -------------------------------------------------------------------


def closed(world: World, b: str) -> None:
    world.send(world.make(Close, b, to=ELSE[b]))
    world.drain()


def full(world: World, b: str) -> None:
    points = {"partner": "air", "points": BALANCE_MAX, "amount": BALANCE_MAX}
    assert world.send(world.make(PointsIn, b, **points)).outcome == "applied"


CANNOT = {"closed": closed, "wrong_program": lambda _world, _b: None, "balance_limit": full}


@both
@pytest.mark.parametrize("reason", list(CANNOT))
def test_a_payee_who_can_not_take_it_sends_it_back(b: str, reason: str) -> None:
    world = world_of(A, ELSE[b])
    world.send(world.open(b, program="q" if reason == "wrong_program" else "p"))
    CANNOT[reason](world, b)
    before = world.balance(b)
    gift = world.transfer(A, b, 50)
    assert tell(world, gift) == (("applied", ""), [("transfer", reason), ("bounce", "")])
    assert [world.balance(name) for name in (A, b)] == [100, before]
    assert reverse(world, gift).answer == ("refused", "unknown_original")


@both
def test_a_full_payee_is_told_of_in_one_place(b: str) -> None:
    world = world_of(A, b, program="tiered")
    gift = world.transfer(A, b, 30, program="tiered")
    legs = [("transfer", "over_tier_balance"), ("bounce", "")]
    assert tell(world, gift) == (("applied", ""), legs)
    assert [world.balance(name) for name in (A, b)] == [100, 100]
    other = world.transfer(A, b, 40, program="tiered")
    assert tell(world, other).answer == ("applied", "")  # the first counts on no day any more


@pytest.mark.parametrize("name", ["issuer:p@0", "budget:x", "waiting:p:somebody", "bounced:x:a"])
def test_a_name_of_the_ledgers_own_is_no_payee(name: str) -> None:
    world = world_of(A)
    assert tell(world, world.transfer(A, name, 5)).answer == ("refused", "unknown_payee")
    assert tell(world, world.make(Close, A, to=name)).answer == ("refused", "unknown_payee")


# -- closing --------------------------------------------------------------------------------------


@both
def test_what_a_closed_wallet_leaves_to_nobody_waits_and_then_waits_for_its_owner(b: str) -> None:
    world = world_of(A, ELSE[b], coins=70)
    assert tell(world, world.make(Close, A, to=b)).answer == ("applied", "")
    assert [one.amount for one in waits(world, b)] == [70]
    back(world, b, 30)
    assert (waits(world, b), [one.payer for one in waits(world, A)]) == ([], [""])
    release = world.make(WaitingRelease, A, to=ELSE[b], time=at(31))
    assert tell(world, release).answer == ("applied", "")
    assert tell(world, release).answer == ("repeat", "")
    assert (world.balance(ELSE[b]), waits(world, A)) == (140, [])
    again = world.make(WaitingRelease, A, to=ELSE[b], time=at(31))
    assert tell(world, again).answer == ("refused", "nothing_waiting")


@both
def test_a_release_that_can_not_be_taken_waits_again(b: str) -> None:
    world = world_of(A, b)
    redeemed = world.redeem(A, 30)
    tell(world, redeemed)
    tell(world, world.make(Close, A, to=b))
    assert reverse(world, redeemed).answer == ("applied", "")
    assert [(one.payer, one.amount) for one in waits(world, A)] == [("", 30)]
    closed(world, b)
    for to, reason in ((A, "to_self"), ("issuer:p@0", "unknown_payee")):
        event = world.make(WaitingRelease, A, to=to)
        assert tell(world, event).answer == ("refused", reason)
    told = tell(world, world.make(WaitingRelease, A, to=b))
    assert told == (("applied", ""), [("transfer", "closed"), ("bounce", "")])
    assert [(one.payer, one.amount) for one in waits(world, A)] == [("", 30)]


def test_an_owners_coins_are_one_sum_and_no_gift() -> None:
    world = world_of(A, NEAR)
    events = [world.redeem(A, coins) for coins in (10, 20)]
    for event in events:
        tell(world, event)
    tell(world, world.make(Close, A, to=NEAR))
    for event in events:
        reverse(world, event)
    assert [(one.payer, one.amount) for one in waits(world, A)] == [("", 30)]
    assert back(world, A, 400).answer == ("refused", "nothing_waiting")


# -- packets and rewards --------------------------------------------------------------------------


@both
def test_who_draws_before_having_a_wallet_has_drawn(b: str) -> None:
    world = world_of(A)
    facts = {"amount": 20, "claims": 2, "mode": "equal", "expires": at(2)}
    world.send(world.make(PacketSend, A, packet=PACKET, **facts))
    tap = world.make(PacketClaim, PACKET, claimer=b)
    assert tell(world, tap) == (("applied", ""), [("claim", "")])
    again = world.make(PacketClaim, PACKET, claimer=b)
    assert tell(world, again).answer == ("refused", "already_claimed")
    assert tell(world, world.make(PacketShare, PACKET, sharer=b)).answer == ("applied", "")
    back(world, b, 30)
    assert world.balance(A) == 90  # it is the sender's again
    tell(world, world.make(PacketExpire, PACKET, time=at(30)))
    assert world.balance(A) == 100


@both
def test_a_sharer_without_a_wallet_is_rewarded_and_the_budget_gets_it_back(b: str) -> None:
    world = world_of(A)
    world.send(world.fund("budget:spring@0", 100))
    facts = {"campaign": "spring", "rule": "friend", "conversion": "c1", "to": b}
    assert tell(world, world.make(Reward, A, **facts)).answer == ("applied", "")
    assert [(one.payer, one.campaign) for one in waits(world, b)] == [("budget:spring@0", "spring")]
    back(world, b, 30)
    assert world.balance("budget:spring@0") == 100


# -- what was asked and refused -------------------------------------------------------------------


def asked_grant() -> tuple[World, Grant]:
    """A grant that its shard passes on to a reserve, which by then has too little."""
    world = world_of(FAR)
    world.send(world.fund("budget:spring", 20))
    world.drain()
    return world, world.grant(FAR, 15)


def test_a_grant_that_the_reserve_refused_is_remembered_as_refused() -> None:
    world, grant = asked_grant()
    assert world.send(grant).outcome == "asked"
    early = world.make(Reverse, FAR, original=grant)
    assert world.send(early).reason == "not_answered"
    told = [(o.result.step, o.reason) for o in world.drain()]
    assert ("ask", "budget_exhausted") in told
    assert ("declined", "") in told
    again = world.send(grant)
    assert (again.outcome, again.reason) == ("repeat", "budget_exhausted")
    before = world.balance(FAR)
    assert reverse(world, grant).answer == ("refused", "unknown_original")
    assert world.balance(FAR) == before


def test_a_grant_that_the_reserve_paid_is_remembered_as_applied_and_can_be_taken_back() -> None:
    world = world_of(FAR)
    world.send(world.fund("budget:spring", 1_000))
    world.drain()
    grant = world.grant(FAR, 400)
    assert world.send(grant).outcome == "asked"
    assert world.send(world.make(Reverse, FAR, original=grant)).reason == "not_answered"
    world.drain()
    assert world.balance(FAR) == 500
    assert world.send(grant).outcome == "repeat"
    assert reverse(world, grant).answer == ("applied", "")
    assert world.balance(FAR) == 100


def test_a_grant_that_came_too_late_for_a_wallet_is_refused_there() -> None:
    world = world_of(FAR, NEAR)
    world.send(world.fund("budget:spring", 1_000))
    world.drain()
    grant = world.grant(FAR, 400)
    world.send(grant)
    world.send(world.make(Close, FAR, to=NEAR))
    told = [(o.result.step, o.reason) for o in world.drain()]
    assert ("grant", "closed") in told
    again = world.send(grant)
    assert (again.outcome, again.reason) == ("repeat", "closed")
    assert reverse(world, grant).answer == ("refused", "unknown_original")


def test_an_answer_for_one_that_is_forgotten_changes_nothing() -> None:
    world, grant = asked_grant()
    world.send(grant)
    for number in range(300):
        world.send(world.earn(FAR, amount=1, time=START + timedelta(seconds=number)))
    world.drain()
    check(world)
    assert world.send(grant).reason == "forgotten"
