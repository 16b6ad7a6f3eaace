"""Each refusal by name, the order in which they are checked, and what is remembered of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import pytest

from streams.events import (
    Close,
    Correction,
    CorrectionData,
    DepositAdd,
    DepositCustody,
    DepositWithdraw,
    Earn,
    EarnData,
    Expire,
    KeyChange,
    KeyData,
    Leg,
    OrderFulfil,
    OrderPlace,
    OrderRefund,
    PacketClaim,
    PacketSend,
    PointsIn,
    PointsOut,
    ProgramRules,
    Redeem,
    RedeemExpire,
    RedeemFail,
    RedeemSettle,
    ReserveAdd,
    Reverse,
    Reward,
    Step,
    Unfreeze,
    WaitingRelease,
    WalletEvent,
    partition_of,
)
from streams.ledger.accounts import BALANCE_MAX, Account, Kind
from streams.ledger.corrections import sign as sign_correction
from streams.ledger.keys import sign as sign_key
from streams.ledger.legs import sign
from streams.ledger.published import sign as sign_rules
from streams.ledger.recent import RECENT_MAX
from streams.ledger.refusals import CODES, NEVER_REMEMBERED, REFUSALS
from streams.ledger.terms import HOLDS_MAX
from tests import keys
from tests.streams.ledger_world import (
    PROGRAMS,
    World,
    at,
    name_on,
    of_source,
    rules_text,
    world_with,
)

if TYPE_CHECKING:
    from collections.abc import Callable

DOCS = Path(__file__).parents[2] / "docs" / "ledger.md"


def a_leg(world: World) -> Leg:
    """A leg from a partition 0 of two that this world, of one partition, could get."""
    payer, payee = name_on(0, 2), name_on(1, 2)
    other = world_with(payer, payee, partitions=2)
    other.send(other.transfer(payer, payee, 5))
    data = msgspec.structs.replace(other.legs[0, 1][0].data, partition=5)
    leg = msgspec.structs.replace(other.legs[0, 1][0], subject="b", data=data)
    return sign(leg, world.rules.ledger_keys["k1"])


def forged_leg(world: World) -> WalletEvent:
    leg = a_leg(world)
    return msgspec.structs.replace(leg, data=msgspec.structs.replace(leg.data, amount=6))


def wrong_partition(_: World) -> WalletEvent:
    world = World(2)
    return world.earn(name_on(1, 2), amount=5)


def repeated_leg(world: World) -> WalletEvent:
    leg = a_leg(world)
    world.send(leg)
    return leg


def published(world: World, *, secret: bytes = keys.RULES["k1"], **changes: Any) -> ProgramRules:
    data = {"rules": rules_text(PROGRAMS["p"]), "key": "k1", "signature": "0" * 64} | changes
    return sign_rules(world.make(ProgramRules, "rules:p@0", **data), secret)


def stale_rules(world: World) -> WalletEvent:
    world.send(published(world, time=at(1)))
    return published(world, time=at(1))


def changes_the_past(world: World) -> WalletEvent:
    world.send(published(world, time=at(1)))
    other = msgspec.structs.replace(PROGRAMS["p"], expiry=None)
    return published(world, rules=rules_text(other), time=at(2))


def leg_gap(world: World) -> WalletEvent:
    leg = a_leg(world)
    data = msgspec.structs.replace(leg.data, sequence=leg.data.sequence + 1)
    return sign(msgspec.structs.replace(leg, data=data), world.rules.ledger_keys["k1"])


def unknown_key(world: World) -> WalletEvent:
    leg = a_leg(world)
    data = msgspec.structs.replace(leg.data, key="k9")
    return sign(msgspec.structs.replace(leg, data=data), world.rules.ledger_keys["k1"])


def revoked_key(world: World) -> WalletEvent:
    for step in ("introduce", "use"):
        world.send(key_change(world, step, "k2"))
    world.send(key_change(world, "revoke", "k1"))
    return a_leg(world)


def key_change(
    world: World, step: str, about: str, *, secret: bytes = keys.RULES["k1"]
) -> KeyChange:
    data = {"purpose": "ledger", "step": step, "about": about, "key": "k1", "signature": "0" * 64}
    head = world.head("keys:ledger@0", None, None)
    return sign_key(KeyChange(**head, data=KeyData(**data)), secret)


def a_correction(
    world: World, step: str = "transfer", *, secret: bytes = keys.RULES["k1"]
) -> Correction:
    leg = a_leg(world)
    leg = msgspec.structs.replace(leg, data=msgspec.structs.replace(leg.data, step=step))
    data = {"program": "p", "step": "undo", "leg": leg, "key": "k1", "signature": "0" * 64}
    head = world.head("clearing:p@0", None, None)
    return sign_correction(Correction(**head, data=CorrectionData(**data)), secret)


def repeated_correction(world: World) -> WalletEvent:
    world.send(a_correction(world))
    return a_correction(world)


def conflict(world: World) -> WalletEvent:
    world.send(world.earn("a", amount=5, event_id="same"))
    return world.earn("a", amount=6, event_id="same")


def in_the_future(world: World) -> WalletEvent:
    return world.earn("a", amount=5, time=at(1.001))


def too_old(world: World) -> WalletEvent:
    world.send(world.earn("a", amount=5, time=at(10.001)))
    return world.earn("a", amount=5, time=at(0))


def forgotten(world: World) -> WalletEvent:
    for number in range(RECENT_MAX):
        world.send(world.earn("a", "check-in", time=at(1 + number / 10_000)))
    return world.earn("a", amount=5, time=at(0))


def wrong_budget(world: World) -> WalletEvent:
    return world.fund("budget:summer@0", 5, campaign="spring")


def frozen(world: World) -> WalletEvent:
    world.change("a", state="frozen")
    return world.earn("a", amount=5)


def closed(world: World) -> WalletEvent:
    world.change("a", state="closed")
    return world.redeem("a", 5)


def budget_exhausted(world: World) -> WalletEvent:
    world.send(world.fund("budget:spring@0", 10))
    world.send(world.grant("a", 6))
    return world.grant("a", 5)


def unknown_hold(world: World) -> WalletEvent:
    world.send(world.redeem("a", 5, event_id="at once"))
    return world.make(RedeemSettle, "a", redemption="at once")


def held(world: World, *, days: float = 2, name: str = "a") -> Redeem:
    event = world.redeem(name, 5, until=at(days))
    world.send(event)
    return event


def not_due(world: World) -> WalletEvent:
    redemption = held(world).id
    return world.make(RedeemExpire, "a", redemption=redemption, time=at(1.9))


def too_many_holds(world: World) -> WalletEvent:
    for _ in range(HOLDS_MAX):
        held(world)
    return world.redeem("a", 1, until=at(2))


def id_in_use(world: World) -> WalletEvent:
    event = held(world, days=100)
    world.send(world.earn("b", amount=5, time=at(20)))
    world.send(world.earn("a", amount=5, time=at(20)))  # and `a` forgets what is before the window
    return world.redeem("a", 5, until=at(100), time=at(20), event_id=event.id)


def ambiguous_reference(world: World) -> WalletEvent:
    one = held(world)
    world.send(of_source("another", one))
    return world.make(RedeemSettle, "a", redemption=one.id)


def an_order(world: World, **changes: Any) -> OrderPlace:
    facts = {"item": "song", "quantity": 2, "amount": 30}
    return world.make(OrderPlace, "a", **{**facts, **changes})


def points(world: World, kind: type, **changes: Any) -> WalletEvent:
    facts = {"partner": "tianyi", "points": 5, "amount": 2}
    event: WalletEvent = world.make(kind, "a", **{**facts, **changes})
    return event


def a_reward(world: World, **changes: Any) -> Reward:
    facts = {"campaign": "spring", "rule": "first", "conversion": "c"}
    return world.make(Reward, "a", **{**facts, **changes})


def already_rewarded(world: World) -> WalletEvent:
    world.send(world.fund("budget:spring@0", 50))
    world.send(a_reward(world))
    return a_reward(world, conversion="d")


def never_expires(world: World) -> WalletEvent:
    world.send(world.open("c", program="q"))
    return world.make(Expire, "c", program="q", amount=1, before=at(-9))


def already_charged(world: World) -> WalletEvent:
    world.send(world.make(DepositAdd, "a", amount=20))
    world.send(world.make(DepositCustody, "a", month="2026-03"))
    return world.make(DepositCustody, "a", month="2026-03")


def has_deposit(world: World) -> WalletEvent:
    world.send(world.make(DepositAdd, "a", amount=20))
    return world.make(Close, "a", to="b")


def already_refunded(world: World) -> WalletEvent:
    event = an_order(world)
    world.send(event)
    world.send(world.make(OrderFulfil, "a", order=event.id))
    world.send(world.make(OrderRefund, "a", order=event.id))
    return world.make(OrderRefund, "a", order=event.id)


def a_packet(world: World, **changes: Any) -> PacketSend:
    facts = {"amount": 10, "claims": 2, "mode": "equal", "expires": at(2)}
    return world.make(PacketSend, "a", **{"packet": "packet:x@0", **facts, **changes})


def a_claim(world: World, claimer: str = "b", **changes: Any) -> PacketClaim:
    return world.make(PacketClaim, "packet:x@0", claimer=claimer, **changes)


def wrong_group(world: World) -> WalletEvent:
    world.send(a_packet(world, group="family"))
    return a_claim(world, group="friends")


def wrong_code(world: World) -> WalletEvent:
    world.send(a_packet(world, code="open"))
    return a_claim(world, code="shut")


def unknown_share(world: World) -> WalletEvent:
    world.send(a_packet(world, code="open"))
    return a_claim(world, code="open", share="nobody's")


def already_claimed(world: World) -> WalletEvent:
    world.send(a_packet(world))
    world.send(a_claim(world))
    return a_claim(world)


def packet_expired(world: World) -> WalletEvent:
    world.send(a_packet(world))
    return a_claim(world, time=at(2))


def packet_empty(world: World) -> WalletEvent:
    world.send(a_packet(world, claims=1))
    world.send(a_claim(world))
    return a_claim(world, "a")


def unknown_original(world: World) -> WalletEvent:
    return world.make(Reverse, "a", original=world.earn("a", amount=5))


def forgotten_original(world: World) -> WalletEvent:
    original = world.earn("a", amount=5)
    world.send(original)
    for days in (10.5, 10.6):
        world.send(world.earn("a", amount=5, time=at(days)))
    return world.make(Reverse, "a", original=original, time=at(10.6))


def not_answered(world: World) -> WalletEvent:
    original = world.transfer("a", "b", 5)
    world.send(original)
    world.send(world.make(Reverse, "a", original=original))
    return world.make(Reverse, "a", original=original)


def already_reversed(world: World) -> WalletEvent:
    original = world.earn("a", amount=5)
    world.send(original)
    world.send(world.make(Reverse, "a", original=original))
    return world.make(Reverse, "a", original=original)


def not_settled(world: World) -> WalletEvent:
    return world.make(Reverse, "a", original=held(world))


def daily_cap(world: World) -> WalletEvent:
    world.send(world.earn("a", "stamp", amount=10))
    return world.earn("a", "stamp", amount=3)


def lifetime_cap(world: World) -> WalletEvent:
    for days in range(3):
        world.send(world.earn("a", "stamp", amount=9, time=at(days)))
    return world.earn("a", "stamp", amount=4, time=at(3))


def has_pending(world: World) -> WalletEvent:
    held(world)
    return world.make(Close, "a", to="b")


def reserve_exhausted(world: World) -> WalletEvent:
    world.send(world.open("c", program="backed"))
    return world.earn("c", amount=5, program="backed")


def tiered(world: World, coins: int = 60) -> None:
    """A wallet of nobody known, in the program whose tiers bind."""
    world.send(world.open("t", program="tiered"))
    world.send(world.earn("t", amount=coins, program="tiered"))


def over_tier_transaction(world: World) -> WalletEvent:
    tiered(world)
    return world.redeem("t", 41, program="tiered")


def over_tier_day(world: World) -> WalletEvent:
    tiered(world, 90)
    world.send(world.redeem("t", 40, program="tiered"))
    return world.redeem("t", 31, program="tiered")


def over_tier_balance(world: World) -> WalletEvent:
    tiered(world)
    return world.earn("t", amount=51, program="tiered")


ELSEWHERE = {"too_many_waiting"}  # see test_ledger_waiting.py
OF_LEGS = {"unknown_key", "revoked_key", "forged_leg", "repeated_leg", "leg_gap"}
# like legs, remembered nowhere
OF_RULES = {
    *("forged_rules", "stale_rules", "changes_the_past"),
    *("forged_key", "known_key", "key_in_use"),
    *("forged_correction", "repeated_correction", "no_correction"),
}

CASES: dict[str, Callable[[World], WalletEvent]] = {
    "unknown_key": unknown_key,
    "revoked_key": revoked_key,
    "forged_leg": forged_leg,
    "wrong_partition": wrong_partition,
    "repeated_leg": repeated_leg,
    "leg_gap": leg_gap,
    "forged_rules": lambda world: published(world, secret=b"another"),
    "stale_rules": stale_rules,
    "changes_the_past": changes_the_past,
    "forged_key": lambda world: key_change(world, "introduce", "k2", secret=b"another"),
    "known_key": lambda world: key_change(world, "introduce", "k1"),
    "key_in_use": lambda world: key_change(world, "revoke", "k1"),
    "forged_correction": lambda world: a_correction(world, secret=b"another"),
    "repeated_correction": repeated_correction,
    "no_correction": lambda world: a_correction(world, "ask"),
    "conflict": conflict,
    "in_the_future": in_the_future,
    "too_old": too_old,
    "forgotten": forgotten,
    "unknown_program": lambda world: world.open("c", program="nowhere"),
    "operation_closed": lambda world: world.redeem("a", 5, program="saving"),
    "reserved_name": lambda world: world.open("issuer:p@0"),
    "wrong_budget": wrong_budget,
    "wrong_reserve": lambda world: world.make(ReserveAdd, "reserve:p@0", amount=5),
    "unknown_packet": a_claim,
    "unknown_account": lambda world: world.earn("nobody", amount=5),
    "wrong_program": lambda world: world.earn("a", amount=5, program="q"),
    "frozen": frozen,
    "closed": closed,
    "not_frozen": lambda world: world.make(Unfreeze, "a"),
    "wrong_packet": lambda world: a_packet(world, packet="packet:x@1"),
    "already_open": lambda world: world.open("a"),
    "unknown_activity": lambda world: world.earn("a", "dancing", amount=5),
    "wrong_basis": lambda world: world.earn("a", "purchase", amount=5),
    "over_limit": lambda world: world.earn("a", "quiz", amount=11),
    "unknown_reward": lambda world: a_reward(world, rule="none"),
    "wrong_reward": lambda world: a_reward(world, rule="purchase"),
    "never_expires": never_expires,
    "nothing_earned": lambda world: world.earn("a", "purchase", spend=99),
    "already_rewarded": already_rewarded,
    "daily_cap": daily_cap,
    "lifetime_cap": lifetime_cap,
    "unknown_carrier": lambda world: world.redeem("a", 5, carrier="pigeon"),
    "carrier_closed": lambda world: world.redeem("a", 5, carrier="radio"),
    "last_day": lambda world: world.redeem("a", 5, time=at(-1.1)),
    "no_such_tier": lambda world: world.redeem("a", 6, carrier="mobile"),
    "over_tier_transaction": over_tier_transaction,
    "over_tier_day": over_tier_day,
    "unknown_item": lambda world: an_order(world, item="none"),
    "wrong_price": lambda world: an_order(world, quantity=3),
    "unknown_partner": lambda world: points(world, PointsIn, partner="nobody"),
    "no_rate": lambda world: points(world, PointsOut, partner="air"),
    "wrong_rate": lambda world: points(world, PointsIn, points=6),
    "bad_term": lambda world: world.redeem("a", 5, until=at(0)),
    "too_small": lambda world: a_packet(world, amount=1),
    "id_in_use": id_in_use,
    "too_many_holds": too_many_holds,
    "unknown_hold": unknown_hold,
    "unknown_order": lambda world: world.make(OrderFulfil, "a", order="none"),
    "already_refunded": already_refunded,
    "unknown_original": unknown_original,
    "forgotten_original": forgotten_original,
    "not_answered": not_answered,
    "already_reversed": already_reversed,
    "not_settled": not_settled,
    "wrong_group": wrong_group,
    "unknown_share": unknown_share,
    "ambiguous_reference": ambiguous_reference,
    "wrong_code": wrong_code,
    "already_claimed": already_claimed,
    "packet_expired": packet_expired,
    "packet_empty": packet_empty,
    "nothing_left": lambda world: world.make(DepositAdd, "a", amount=1),
    "no_deposit": lambda world: world.make(DepositWithdraw, "a"),
    "already_charged": already_charged,
    "not_due": not_due,
    "nothing_waiting": lambda world: world.make(WaitingRelease, "a", to="b"),
    "has_pending": has_pending,
    "has_deposit": has_deposit,
    "balance_left": lambda world: world.make(Close, "a"),
    "to_self": lambda world: world.transfer("a", "a", 5),
    "unknown_payee": lambda world: world.transfer("a", "issuer:p@0", 5),
    "over_tier_balance": over_tier_balance,
    "insufficient_balance": lambda world: world.redeem("a", 101),
    "budget_exhausted": budget_exhausted,
    "reserve_exhausted": reserve_exhausted,
    "balance_limit": lambda world: world.earn("a", amount=BALANCE_MAX),
}


def test_every_refusal_is_tried_here() -> None:
    assert list(CASES) == [one.name for one in REFUSALS if one.name not in ELSEWHERE]


@pytest.mark.parametrize("name", list(CASES))
def test_refusal(name: str) -> None:
    world = world_with("a", "b")
    event = CASES[name](world)
    partition = 0
    if name == "wrong_partition":
        world = World(2)
    before = dict(world.accounts[0])
    clock_us = world.shards[0].clock_us
    arrived = at(0) if name == "in_the_future" else None
    outcome = world.send(event, partition=partition, arrived=arrived)
    expected = ("forwarded", "") if name == "wrong_partition" else ("refused", name)
    assert (outcome.outcome, outcome.reason) == expected
    assert not list(outcome.postings)
    assert not outcome.legs
    assert world.shards[0].clock_us == clock_us
    # At most the subject's memory changed: no balance, no version.
    assert set(outcome.changed) <= {event.subject}
    for account, data in before.items():
        found = world.get(account)
        assert found is not None
        if account not in outcome.changed:
            assert world.accounts[0][account] == data


@pytest.mark.parametrize("name", sorted(set(CASES) - NEVER_REMEMBERED - OF_LEGS - OF_RULES))
def test_a_refused_event_gives_the_same_answer_again_whatever_happened_since(name: str) -> None:
    world = world_with("a", "b")
    event = CASES[name](world)
    arrived = at(0) if name == "in_the_future" else None
    world.send(event, arrived=arrived)
    subject = world.get(event.subject)
    if subject is None or isinstance(event, PacketClaim):  # nothing to remember it on
        nowhere = {"unknown_account", "unknown_program", "reserved_name"}
        nowhere |= {"wrong_budget", "wrong_reserve"}
        assert name in nowhere or isinstance(event, PacketClaim)
        return
    world.change(event.subject, posted=50, state="open")
    again = world.send(event, arrived=at(2))
    assert (again.outcome, again.reason) == ("repeat", name)
    assert not again.changed


def test_an_id_that_was_refused_stays_so_when_the_hold_that_bears_it_ends() -> None:
    world = world_with("a", "b")
    event = id_in_use(world)
    assert world.send(event).reason == "id_in_use"
    assert world.send(world.make(RedeemFail, "a", redemption=event.id, time=at(20))).reason == ""
    again = world.send(event)
    assert (again.outcome, again.reason) == ("repeat", "id_in_use")


def test_what_can_not_be_remembered_is_judged_anew() -> None:
    world = World()
    event = world.earn("late", amount=5)
    assert world.send(event).reason == "unknown_account"
    world.send(world.open("late"))
    assert world.send(event).outcome == "applied"


def test_codes_are_what_accounts_remember_and_never_change() -> None:
    names = (
        "forged_leg wrong_partition repeated_leg conflict in_the_future too_old forgotten "
        "unknown_program operation_closed reserved_name wrong_budget already_open unknown_account "
        "wrong_program frozen closed unknown_activity wrong_basis over_limit nothing_earned "
        "unknown_carrier to_self unknown_payee insufficient_balance budget_exhausted balance_limit "
        "bad_term too_small too_many_holds unknown_hold not_due wrong_packet unknown_packet "
        "already_claimed packet_expired packet_empty unknown_original already_reversed not_settled "
        "not_frozen has_pending balance_left"
    )
    later = {
        66: "forged_rules stale_rules",
        120: "unknown_key revoked_key leg_gap forged_key known_key key_in_use "
        "forged_correction repeated_correction no_correction",
        61: "daily_cap lifetime_cap carrier_closed last_day no_such_tier",
        80: "id_in_use unknown_item wrong_price unknown_order already_refunded unknown_partner "
        "no_rate wrong_rate wrong_group unknown_share wrong_code nothing_left "
        "no_deposit already_charged has_deposit unknown_reward wrong_reward already_rewarded "
        "never_expires wrong_reserve reserve_exhausted over_tier_transaction over_tier_day "
        "over_tier_balance ambiguous_reference",
    }
    later |= {
        105: "changes_the_past not_answered nothing_waiting too_many_waiting forgotten_original"
    }
    codes = {name: number for number, name in enumerate(names.split(), 1)}
    for first, others in later.items():
        codes |= {name: number for number, name in enumerate(others.split(), first)}
    assert {"": 0} | codes == CODES


def test_the_page_gives_refusals_in_the_order_of_the_code() -> None:
    page = DOCS.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \| (.*?) \| (.*?) \|$", page, re.MULTILINE)
    assert rows == [(str(r.code), r.name, r.sentence, r.remedy) for r in REFUSALS]


def test_the_page_lists_every_step_and_kind() -> None:
    page = DOCS.read_text(encoding="utf-8")

    def named(start: str) -> set[str]:
        rows = page[page.index(start) :].partition("\n\n")[0].splitlines()[2:]
        return {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}

    assert named("| step | to |") == set(get_args(Step))
    assert named("| kind | name |") == set(get_args(Kind))


# -- the order: an event that is wrong in two ways is refused for the first ---------------------


def earn_with(world: World, **changes: object) -> Earn:
    event = world.earn("a", amount=5)
    data = {key: changes.pop(key) for key in list(changes) if key in EarnData.__struct_fields__}
    return msgspec.structs.replace(
        event, data=msgspec.structs.replace(event.data, **data), **changes
    )


def test_earlier_reasons_win() -> None:
    world = world_with("a", "b")
    world.send(world.earn("a", amount=5, event_id="same", time=at(20)))
    ways: list[tuple[str, dict[str, object]]] = [
        ("conflict", {"id": "same"}),
        ("too_old", {"time": at(0)}),
        ("unknown_program", {"program": "nowhere"}),
        ("wrong_program", {"program": "q"}),
        ("unknown_activity", {"activity": "dancing"}),
        ("balance_limit", {"amount": BALANCE_MAX}),
    ]
    for position, (name, _) in enumerate(ways):
        changes: dict[str, object] = {"time": at(20)}
        for _, change in reversed(ways[position:]):
            changes |= change
        outcome = world.send(earn_with(world, **changes))
        assert outcome.reason == name


def test_a_frozen_wallet_receives_and_a_closed_one_does_not() -> None:
    world = world_with("a", "b")
    world.change("b", state="frozen")
    assert world.send(world.transfer("a", "b", 5)).outcome == "applied"
    world.change("b", state="closed")
    world.send(world.transfer("a", "b", 5))
    assert world.drain()[0].reason == "closed"
    assert world.balance("b") == 105


def test_pending_coins_can_not_be_spent() -> None:
    world = world_with("a", "b")
    world.change("a", pending=60)
    assert world.send(world.redeem("a", 41)).reason == "insufficient_balance"
    assert world.send(world.redeem("a", 40)).outcome == "applied"


@pytest.mark.parametrize("name", ["issuer:p@0", "budget:spring@0", "clearing:p@0", "suspense:p@0"])
def test_the_ledgers_accounts_do_nothing_for_clients(name: str) -> None:
    world = world_with("a")
    world.send(world.fund("budget:spring@0", 5))
    world.put("clearing:p@0", Account("clearing", "p", 5))
    for event in (
        world.open(name),
        world.earn(name, amount=5),
        world.redeem(name, 1),
        world.transfer(name, "a", 1),
        world.grant(name, 1),
    ):
        assert world.send(event).reason == "reserved_name"
    assert world.send(world.transfer("a", name, 1)).reason == "unknown_payee"


def test_a_name_for_another_partitions_ledger_account_is_no_payee() -> None:
    partitions = 2
    payer = name_on(0, partitions)
    world = world_with(payer, partitions=partitions)
    assert partition_of("issuer:p@1", partitions) == 1
    assert world.send(world.transfer(payer, "issuer:p@1", 1)).reason == "unknown_payee"


def test_a_budget_pays_only_its_own_program() -> None:
    world = world_with("a")
    world.send(world.fund("budget:spring@0", 50, program="q"))
    assert world.send(world.grant("a", 5)).reason == "budget_exhausted"
    assert world.send(world.fund("budget:spring@0", 50)).reason == "wrong_program"


def test_a_programs_closed_operation_is_closed() -> None:
    assert "redeem" not in PROGRAMS["saving"].operations.open
