"""What a wallet may give, redeem and hold by its tier of verification."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from streams.events import (
    Close,
    DepositAdd,
    DepositWithdraw,
    OrderFulfil,
    OrderPlace,
    OrderRefund,
    PacketClaim,
    PacketExpire,
    PacketSend,
    PointsIn,
    PointsOut,
    RedeemFail,
    RedeemSettle,
    Reverse,
    Reward,
    Verify,
)
from streams.events.times import microseconds
from streams.ledger.accounts import Account, pack, unpack
from streams.ledger.recent import entries
from streams.ledger.refusals import RELEASED
from streams.ledger.tiers import spent_by
from streams.programs import Later
from streams.programs.explained import explain
from tests.streams.ledger_world import PROGRAMS, RULES, World, at, name_on, program

if TYPE_CHECKING:
    from streams.events import WalletEvent
    from tests.streams.ledger_world import Outcome

CHINA = timezone(timedelta(hours=8))
PROGRAM = "tiered"  # none: 40 at once, 70 a day, 110 in all; phone: 80, 150, 200; identity: 300


def tiered(*names: str, coins: int = 100, partitions: int = 1) -> World:
    world = World(partitions)
    for name in names:
        world.send(world.open(name, program=PROGRAM))
        if coins:
            assert earn(world, name, coins) == ""
    return world


def earn(world: World, name: str, amount: int, days: float = 0) -> str:
    return world.send(world.earn(name, amount=amount, program=PROGRAM, time=at(days))).reason


def give(world: World, name: str, to: str, amount: int, days: float = 0) -> str:
    return world.send(world.transfer(name, to, amount, program=PROGRAM, time=at(days))).reason


def redeem(world: World, name: str, amount: int, days: float = 0) -> str:
    return world.send(world.redeem(name, amount, program=PROGRAM, time=at(days))).reason


def verify(world: World, name: str, tier: str, days: float = 0) -> Outcome:
    return world.send(
        world.make(Verify, name, tier=tier, by="telecom", program=PROGRAM, time=at(days))
    )


def send(world: World, kind: type, subject: str, **fields: Any) -> str:
    return tell(world, kind, subject, **fields).reason


def tell(world: World, kind: type, subject: str, **fields: Any) -> Outcome:
    event: WalletEvent = world.make(kind, subject, program=PROGRAM, **fields)
    return world.send(event)


def the(world: World, name: str) -> Account:
    account = world.get(name)
    assert account is not None
    return account


# -- the tier ------------------------------------------------------------------------------------


def test_a_tier_is_raised_and_lowered_and_its_result_tells_who_by() -> None:
    world = tiered("a")
    outcome = verify(world, "a", "identity")
    assert outcome.outcome == "applied"
    assert (outcome.result.activity, outcome.result.counterparty) == ("identity", "telecom")
    assert [posting.amount for posting in outcome.postings] == [0]
    assert the(world, "a").tier == "identity"
    assert verify(world, "a", "phone").outcome == "applied"
    assert the(world, "a").tier == "phone"
    assert verify(world, "a", "none").outcome == "applied"
    assert the(world, "a").tier == ""


def test_a_tier_is_set_once_by_an_event_that_comes_twice() -> None:
    world = tiered("a")
    event = world.make(Verify, "a", tier="phone", by="telecom", program=PROGRAM, event_id="v")
    assert world.send(event).outcome == "applied"
    verify(world, "a", "none")
    assert world.send(event).outcome == "repeat"
    assert the(world, "a").tier == ""
    other = msgspec.structs.replace(event, data=msgspec.structs.replace(event.data, by="bank"))
    assert world.send(other).reason == "conflict"


def test_a_frozen_wallet_is_verified_and_a_closed_one_is_not() -> None:
    world = tiered("a", coins=0)
    world.change("a", state="frozen")
    assert verify(world, "a", "phone").reason == ""
    world.change("a", state="closed")
    assert verify(world, "a", "none").reason == "closed"


def test_only_a_wallet_with_a_tier_or_a_day_has_the_bytes() -> None:
    plain = Account("wallet", "p", name="a")
    before = pack(plain)
    known = msgspec.structs.replace(plain, tier="phone")
    counted = msgspec.structs.replace(plain, spent=b"\0" * 12)
    assert len(pack(known)) == len(before) + 2 + 6 + 2
    assert len(pack(counted)) == len(before) + 2 + 1 + 14
    for account in (plain, known, counted):
        assert unpack("a", pack(account)) == account
    with_caps = msgspec.structs.replace(plain, caps=b"\x80")
    assert unpack("a", pack(with_caps)) == with_caps


# -- a transaction, a day ------------------------------------------------------------------------


def packet(world: World, name: str, amount: int, days: float = 0) -> str:
    facts = {"claims": 2, "mode": "equal", "expires": at(days + 1), "time": at(days)}
    number = world.new_id()
    return send(world, PacketSend, name, packet=f"packet:{number}@0", amount=amount, **facts)


@pytest.mark.parametrize("way", ["gift", "redeem", "hold", "packet"])
def test_what_leaves_at_once_is_limited(way: str) -> None:
    world = tiered("a", "b")

    def leave(amount: int) -> str:
        if way == "gift":
            return give(world, "a", "b", amount)
        if way == "packet":
            return packet(world, "a", amount)
        until = at(1) if way == "hold" else None
        return world.send(world.redeem("a", amount, program=PROGRAM, until=until)).reason

    verify(world, "b", "identity")
    assert leave(41) == "over_tier_transaction"
    assert leave(40) == ""
    verify(world, "a", "phone")
    assert leave(41) == ""


def test_a_day_counts_gifts_packets_and_redemptions_together() -> None:
    world = tiered("a", "b", coins=90)
    reasons = [give(world, "a", "b", 20), redeem(world, "a", 20), packet(world, "a", 20)]
    assert reasons == ["", "", ""]
    assert [redeem(world, "a", 11), redeem(world, "a", 10)] == ["over_tier_day", ""]
    assert redeem(world, "a", 1, days=1) == ""


def test_a_day_begins_at_midnight_in_china_and_a_late_event_counts_on_its_own() -> None:
    world = tiered("a", coins=110)
    verify(world, "a", "phone")
    earn(world, "a", 90)
    verify(world, "a", "none")
    midnight = datetime(2026, 3, 3, tzinfo=CHINA)
    before, after = midnight - timedelta(microseconds=1), midnight.astimezone(UTC)
    reasons = [
        world.send(world.redeem("a", amount, program=PROGRAM, time=time)).reason
        for time, amount in ((before, 40), (after, 40), (before, 31), (before, 30), (after, 30))
    ]
    assert reasons == ["", "", "over_tier_day", "", ""]


def test_a_tier_that_falls_counts_what_left_before() -> None:
    world = tiered("a")
    verify(world, "a", "identity")
    assert redeem(world, "a", 69) == ""
    verify(world, "a", "none")
    assert [redeem(world, "a", 2), redeem(world, "a", 1)] == ["over_tier_day", ""]


def test_days_for_which_no_event_can_come_are_not_kept() -> None:
    world = tiered("a")
    for days in (0, 5, 11):
        assert redeem(world, "a", 3, days) == ""
    first, *others = spent_by(the(world, "a"))
    assert redeem(world, "a", 3, 16) == ""
    assert list(spent_by(the(world, "a"))) == [*others, first + 16]


def test_what_is_refused_counts_nothing() -> None:
    world = tiered("a", coins=10)
    reasons = [give(world, "a", "issuer:p@0", 30), redeem(world, "a", 30)]
    assert reasons == ["unknown_payee", "insufficient_balance"]
    assert the(world, "a").spent == b""


def test_orders_and_points_count_on_no_day() -> None:
    world = tiered("a")
    order = world.make(OrderPlace, "a", program=PROGRAM, item="song", amount=45, quantity=3)
    assert world.send(order).reason == ""
    assert send(world, PointsOut, "a", partner="tianyi", points=100, amount=50) == ""
    assert the(world, "a").spent == b""


def test_a_close_gives_no_more_than_a_gift() -> None:
    world = tiered("a", "b", coins=50)
    assert send(world, Close, "a", to="b") == "over_tier_transaction"
    verify(world, "a", "phone")
    assert send(world, Close, "a", to="b") == ""
    assert world.balance("b") == 100


def test_a_close_of_an_empty_wallet_is_no_gift() -> None:
    world = tiered("a", "b", coins=0)
    verify(world, "b", "identity")
    assert earn(world, "b", 150) == ""
    verify(world, "b", "none")
    assert send(world, Close, "a", to="b") == ""


# -- what comes back -----------------------------------------------------------------------------


def test_a_redemption_that_fails_counts_no_longer_and_one_settled_does() -> None:
    world = tiered("a")
    for _ in range(2):
        held = world.redeem("a", 35, program=PROGRAM, until=at(2))
        world.send(held)
        last = held.id
    assert redeem(world, "a", 1) == "over_tier_day"
    assert send(world, RedeemFail, "a", redemption=last) == ""
    assert send(world, RedeemSettle, "a", redemption="e3") == ""
    assert [redeem(world, "a", 36), redeem(world, "a", 35)] == ["over_tier_day", ""]


@pytest.mark.parametrize("way", ["gift", "redeem"])
def test_what_is_taken_back_counts_no_longer(way: str) -> None:
    world = tiered("a", "b", coins=70)
    original: Any = world.redeem("a", 40, program=PROGRAM)
    if way == "gift":
        original = world.transfer("a", "b", 40, program=PROGRAM)
    world.send(original)
    assert redeem(world, "a", 31) == "over_tier_day"
    assert send(world, Reverse, "a", original=original) == ""
    world.drain()
    assert spent_by(the(world, "a")) == {}
    assert redeem(world, "a", 31) == ""


def test_what_nobody_drew_of_a_packet_still_counts() -> None:
    world = tiered("a")
    facts = {"claims": 2, "mode": "equal", "expires": at(0.2)}
    assert send(world, PacketSend, "a", packet="packet:x@0", amount=40, **facts) == ""
    assert send(world, PacketExpire, "packet:x@0", time=at(0.2)) == ""
    assert redeem(world, "a", 31, 0.3) == "over_tier_day"


# -- the balance ---------------------------------------------------------------------------------


def fund(world: World, subject: str = "budget:spring@0", amount: int = 500) -> None:
    assert world.send(world.fund(subject, amount, program=PROGRAM)).reason == ""


def test_every_way_in_is_held_against_the_balance() -> None:
    world = tiered("a", "b", coins=106)
    fund(world)
    send(world, DepositAdd, "a", amount=50)
    verify(world, "b", "phone")
    facts = {"claims": 2, "mode": "equal", "expires": at(2)}
    assert send(world, PacketSend, "b", packet="packet:x@0", amount=10, **facts) == ""
    gave = {"campaign": "spring", "conversion": "c"}
    over = [
        earn(world, "a", 5),
        world.send(world.earn("a", "stamp", amount=5, program=PROGRAM)).reason,
        world.send(world.grant("a", 5, program=PROGRAM)).reason,
        send(world, Reward, "a", rule="first", **gave),
        send(world, PointsIn, "a", partner="air", points=5, amount=5),
        send(world, DepositWithdraw, "a"),
    ]
    assert over == ["over_tier_balance"] * 6
    sent = [  # of these it is told where the coins arrive, and who paid has them again
        send(world, Reward, "b", rule="friend", to="a", **gave),
        give(world, "b", "a", 5),
    ]
    assert sent == [""] * 2
    arrived = [outcome.reason for outcome in world.drain() if outcome.result.step != "ack"]
    assert arrived == ["over_tier_balance"] * 2 + [""] * 2
    assert world.balance("a") == 106
    assert earn(world, "a", 4) == ""
    verify(world, "a", "phone")
    assert send(world, PacketClaim, "packet:x@0", claimer="a") == ""  # it has not drawn before
    assert send(world, DepositWithdraw, "a") == ""
    verify(world, "a", "identity")
    assert earn(world, "a", 10_000) == ""


def test_a_close_is_held_against_the_balance_of_who_gets_what_is_left() -> None:
    world = tiered("a", "b", coins=100)
    verify(world, "a", "identity")
    assert send(world, Close, "a", to="b") == ""
    assert [outcome.reason for outcome in world.drain()] == ["over_tier_balance", ""]
    assert (world.balance("b"), world.balance(f"waiting:{PROGRAM}:a")) == (100, 100)


def test_ones_own_coins_always_come_back() -> None:
    world = tiered("a", "b", coins=100)
    verify(world, "a", "identity")
    order = world.make(OrderPlace, "a", program=PROGRAM, item="song", amount=15)
    gift = world.transfer("a", "b", 5, program=PROGRAM)
    for event in (order, gift, world.redeem("a", 5, program=PROGRAM)):
        assert world.send(event).reason == ""
    assert send(world, OrderFulfil, "a", order=order.id) == ""
    assert earn(world, "a", 200) == ""
    verify(world, "a", "none")
    assert send(world, OrderRefund, "a", order=order.id) == ""
    assert tell(world, Reverse, "a", original=gift).outcome == "asked"
    world.drain()
    assert world.balance("a") == 295
    assert earn(world, "a", 1) == "over_tier_balance"


# -- another partition ---------------------------------------------------------------------------

A, B = name_on(0, 2), name_on(1, 2)


def spent(world: World, name: str) -> int:
    return sum(spent_by(the(world, name)).values())


def is_settled(world: World) -> bool:
    """Nothing is in flight, and each partition sums to zero."""
    clearing = [world.get(f"clearing:{PROGRAM}@{number}") for number in range(2)]
    sums = [
        sum(unpack(name, data).posted for name, data in accounts.items())
        for accounts in world.accounts
    ]
    pending = sum(account.pending for account in clearing if account is not None)
    return world.total(f"clearing:{PROGRAM}") == 0 and pending == 0 and sums == [0, 0]


def test_a_gift_that_its_payee_may_not_hold_goes_back() -> None:
    world = tiered(A, B, partitions=2)
    gift = world.transfer(A, B, 30, program=PROGRAM)
    assert world.send(gift).outcome == "applied"
    assert spent(world, A) == 30
    refused, back = world.drain()
    assert (refused.outcome, refused.reason) == ("refused", "over_tier_balance")
    assert not refused.postings
    assert (back.result.step, back.outcome, back.result.cause) == ("bounce", "applied", gift.id)
    assert [world.balance(name) for name in (A, B)] == [100, 100]
    assert spent(world, A) == 0
    assert is_settled(world)
    assert entries(the(world, A).recent)[-1].code == RELEASED
    assert world.send(gift).outcome == "repeat"
    assert send(world, Reverse, A, original=gift) == "unknown_original"


def test_a_gift_that_goes_back_is_not_taken_from_the_payee_as_well() -> None:
    """Its payer asks for it back before the answer has come."""
    world = tiered(A, B, partitions=2)
    gift = world.transfer(A, B, 30, program=PROGRAM)
    world.send(gift)
    assert tell(world, Reverse, A, original=gift).outcome == "asked"
    reasons = {outcome.result.step: outcome.reason for outcome in world.drain()}
    assert reasons == {
        "transfer": "over_tier_balance",
        "reverse_ask": "unknown_original",
        "bounce": "",
        "declined": "",
    }
    assert [world.balance(name) for name in (A, B)] == [100, 100]
    assert is_settled(world)
    assert send(world, Reverse, A, original=gift) == "unknown_original"


def test_a_gift_taken_back_from_another_partition_counts_no_longer() -> None:
    world = tiered(A, B, coins=50, partitions=2)
    gift = world.transfer(A, B, 30, program=PROGRAM)
    world.send(gift)
    world.drain()
    assert tell(world, Reverse, A, original=gift).outcome == "asked"
    assert spent(world, A) == 30
    world.drain()
    assert spent(world, A) == 0
    assert [world.balance(name) for name in (A, B)] == [50, 50]


def test_a_gift_that_goes_back_to_a_closed_wallet_waits_for_its_owner() -> None:
    world = tiered(A, B, coins=30, partitions=2)
    earn(world, B, 80)
    assert send(world, Close, A, to=B) == ""
    world.drain()
    assert world.balance(f"waiting:{PROGRAM}:{A}") == 30
    assert world.balance(B) == 110
    assert is_settled(world)


def test_a_draw_that_its_claimer_may_not_hold_goes_to_the_sender() -> None:
    world = tiered(A, B, partitions=2)
    facts = {"claims": 2, "mode": "equal", "expires": at(2)}
    assert send(world, PacketSend, A, packet="packet:x@0", amount=40, **facts) == ""
    assert send(world, PacketClaim, "packet:x@0", claimer=B) == ""
    world.drain()
    assert [world.balance(name) for name in (A, "packet:x@0", B)] == [80, 20, 100]
    assert send(world, PacketClaim, "packet:x@0", claimer=B) == "already_claimed"
    assert is_settled(world)


def test_a_campaigns_draw_goes_to_its_budget() -> None:
    world = tiered(B, partitions=2)
    fund(world)
    facts = {"claims": 1, "mode": "equal", "expires": at(2), "campaign": "spring"}
    sent = send(world, PacketSend, "budget:spring@0", packet="packet:x@0", amount=40, **facts)
    assert sent == ""
    assert send(world, PacketClaim, "packet:x@0", claimer=B) == ""
    world.drain()
    assert [world.balance(name) for name in ("budget:spring@0", B)] == [500, 100]


def test_a_grant_of_the_reserve_goes_back_there() -> None:
    """The wallet had room when it was granted, and none when it came."""
    world = tiered(B, coins=50, partitions=2)
    world.send(world.fund("budget:spring", 60, program=PROGRAM))
    world.drain()
    before = world.balance("budget:spring")
    assert world.send(world.grant(B, 20, program=PROGRAM)).outcome == "asked"
    assert earn(world, B, 50) == ""
    steps = {outcome.result.step: outcome.reason for outcome in world.drain()}
    assert steps["grant"] == "over_tier_balance"
    assert world.balance(B) == 100
    assert world.total("budget:spring") + world.balance("budget:spring") == 60
    assert before == 30
    assert is_settled(world)


def test_a_sharers_reward_goes_back_to_the_budget() -> None:
    world = tiered(A, B, coins=108, partitions=2)
    fund(world)
    facts = {"campaign": "spring", "rule": "friend", "conversion": "c", "to": B}
    assert send(world, Reward, A, **facts) == ""
    world.drain()
    assert [world.balance(name) for name in ("budget:spring@0", B)] == [500, 108]


# -- when tiers bind -----------------------------------------------------------------------------


def test_tiers_are_a_statement_where_nobody_can_be_verified() -> None:
    free = program(PROGRAM, "open", "earn", "transfer")
    rules = msgspec.structs.replace(RULES, programs={PROGRAM: free})
    world = World(2, rules)
    for name in (A, B):
        world.send(world.open(name, program=PROGRAM))
    assert earn(world, A, 5_000) == ""
    assert give(world, A, B, 4_000) == ""
    world.drain()
    assert world.balance(B) == 4_000
    assert the(world, A).spent == b""


def test_a_leg_is_judged_by_the_rules_at_the_time_of_its_event() -> None:
    """From the third day tiers bind."""
    free = program(PROGRAM, "open", "earn", "transfer")
    bound = PROGRAMS[PROGRAM]
    dated = msgspec.structs.replace(free, later=(Later(microseconds(at(2)), bound),))
    rules = msgspec.structs.replace(RULES, programs={PROGRAM: dated})
    world = World(2, rules)
    for name in (A, B):
        world.send(world.open(name, program=PROGRAM))
        assert earn(world, name, 110) == ""
    assert give(world, A, B, 30, 1.9) == ""
    assert give(world, A, B, 30, 2) == ""
    assert [outcome.reason for outcome in world.drain()][:2] == ["", "over_tier_balance"]
    assert [world.balance(name) for name in (A, B)] == [80, 140]


# -- why, in words -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "amount", "said"),
    [
        ("over_tier_transaction", 41, "at once: 40 for none, 80 for phone, 300 for identity"),
        ("over_tier_day", 40, "on one day: 70 for none, 150 for phone, any number for identity"),
        ("over_tier_balance", 40, "in all: 110 for none, 200 for phone, any number for identity"),
    ],
)
def test_a_refusal_says_what_each_tier_may(reason: str, amount: int, said: str) -> None:
    world = tiered("a", "b", coins=100)
    if reason == "over_tier_day":
        assert redeem(world, "a", 40) == ""
    event: Any = world.transfer("a", "b", amount, program=PROGRAM)
    if reason == "over_tier_balance":
        event = world.earn("b", amount=amount, program=PROGRAM)
    assert world.send(event).reason == reason
    assert explain(reason, event, PROGRAMS[PROGRAM]) == f"by verification, coins {said}"
