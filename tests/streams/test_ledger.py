"""What the ledger does when it says yes: operations, legs, memory, records and results."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sql.client import FOLDER
from streams.events import (
    OPERATION,
    Correction,
    KeyChange,
    Leg,
    ProgramRules,
    Step,
    WalletEvent,
    decode_wallet,
    encode,
    kinds_of,
)
from streams.events.identity import event_key
from streams.events.times import microseconds
from streams.ledger.accounts import (
    Account,
    FormatError,
    Kind,
    claim_name,
    deposit_name,
    kind_of,
    order_name,
    owner_name,
    pack,
    reward_name,
    share_name,
    unpack,
)
from streams.ledger.arrivals import STEPS
from streams.ledger.book import link
from streams.ledger.legs import arrived_from, is_genuine, sent_to, with_arrived, with_sent
from streams.ledger.operations import FACTS, OPERATIONS, OURS
from streams.ledger.recent import (
    RECENT_MAX,
    digest_of,
    entries,
    entry_at,
    find,
    remember,
)
from streams.ledger.refusals import CODES, RELEASED, REVERSED
from streams.ledger.results import (
    Posting,
    Postings,
    Result,
    decode_result,
    encode_result,
    encode_results,
)
from streams.programs import Operation
from tests import keys
from tests.streams.ledger_world import DAY_US, START, World, at, name_on, world_with

# -- operations ---------------------------------------------------------------------------------


def test_open_begins_a_history_with_a_posting_of_zero() -> None:
    world = World()
    outcome = world.send(world.open("a"))
    assert list(outcome.postings) == [Posting("a", "wallet", 0, 0, 1, 0)]


def test_earn_is_minted_by_the_issuer() -> None:
    world = world_with("a", coins=0)
    outcome = world.send(world.earn("a", "purchase", spend=1299))
    assert list(outcome.postings) == [
        Posting("issuer:p@0", "issuer", -12, -12, 1, 0),
        Posting("a", "wallet", 12, 12, 2, 0),
    ]


@pytest.mark.parametrize(
    ("activity", "basis", "coins"),
    [
        ("purchase", {"spend": 100}, 1),
        ("purchase", {"spend": 199}, 1),
        ("check-in", {}, 5),
        ("check-in", {"amount": 5}, 5),
        ("quiz", {"amount": 10}, 10),
    ],
)
def test_activities_earn_by_their_rule(activity: str, basis: dict[str, int], coins: int) -> None:
    world = world_with("a", coins=0)
    world.send(world.earn("a", activity, **basis))
    assert world.balance("a") == coins


def test_a_budget_is_funded_granted_from_and_never_overspent() -> None:
    world = world_with("a", coins=0)
    world.send(world.fund("budget:spring@0", 10))
    outcome = world.send(world.grant("a", 10))
    assert list(outcome.postings) == [
        Posting("budget:spring@0", "budget", -10, 0, 2, 0),
        Posting("a", "wallet", 10, 10, 2, 0),
    ]
    assert world.send(world.grant("a", 1)).reason == "budget_exhausted"


def test_redeem_goes_to_the_carrier() -> None:
    world = world_with("a")
    outcome = world.send(world.redeem("a", 30))
    assert [(p.account, p.amount) for p in outcome.postings] == [
        ("a", -30),
        ("carrier:unicom:p@0", 30),
    ]


def test_transfer_within_a_partition_is_direct() -> None:
    world = world_with("a", "b")
    outcome = world.send(world.transfer("a", "b", 30))
    assert (world.balance("a"), world.balance("b"), outcome.legs) == (70, 130, [])


def test_transfer_across_partitions_is_in_flight_until_its_leg_arrives() -> None:
    payer, payee = name_on(0, 2), name_on(1, 2)
    world = world_with(payer, payee, partitions=2)
    outcome = world.send(world.transfer(payer, payee, 30))
    assert [(p.account, p.amount) for p in outcome.postings] == [(payer, -30), ("clearing:p@0", 30)]
    assert (world.balance(payer), world.balance(payee)) == (70, 100)
    arrival, _ = world.drain()
    assert [(p.account, p.amount) for p in arrival.postings] == [("clearing:p@1", -30), (payee, 30)]
    assert world.balance("clearing:p@0") + world.balance("clearing:p@1") == 0


# -- legs ---------------------------------------------------------------------------------------


def test_a_leg_is_exempt_from_the_window_and_moves_no_clock() -> None:
    payer, payee = name_on(0, 2), name_on(1, 2)
    world = world_with(payer, payee, partitions=2)
    world.send(world.transfer(payer, payee, 1))
    world.send(world.earn(payee, amount=1, time=at(300)))
    clock_us = world.shards[1].clock_us
    arrival, _ = world.drain()
    assert (arrival.outcome, arrival.clock_us) == ("applied", clock_us)
    world.send(world.earn(payer, amount=1, time=at(900)))
    world.send(world.transfer(payer, payee, 1, time=at(900)))
    arrival, _ = world.drain()
    assert (arrival.outcome, arrival.clock_us) == ("applied", clock_us)


def test_a_copied_leg_is_refused_however_many_came_between() -> None:
    payer, payee = name_on(0, 2), name_on(1, 2)
    world = world_with(payer, payee, coins=10_000, partitions=2)
    world.send(world.transfer(payer, payee, 1))
    copied = world.legs[0, 1][0]
    for _ in range(2 * RECENT_MAX):
        world.send(world.transfer(payer, payee, 1))
    world.drain()
    assert world.send(copied).reason == "repeated_leg"
    renamed = msgspec.structs.replace(copied, id="another")
    assert world.send(renamed).reason == "forged_leg"


def a_leg(time: datetime = START) -> Leg:
    payer, payee = name_on(0, 2), name_on(1, 2)
    world = world_with(payer, payee, partitions=2)
    world.send(world.transfer(payer, payee, 5, time=time))
    return world.legs[0, 1][0]


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 6},
        {"payer": "x"},
        {"program": "q"},
        {"step": "grant"},
        {"cause": "x"},
        {"cause_source": "x"},
        {"campaign": "x"},
        {"partition": 1},
        {"offset": 8},
        {"number": 1},
        {"sequence": 2},
        {"key": "k2"},
        {"signature": "0" * 64},
        {"signature": "é" * 64},
    ],
)
def test_an_altered_leg_is_not_genuine(change: dict[str, object]) -> None:
    leg, secret = a_leg(), keys.LEDGER["k1"]
    assert is_genuine(leg, secret)
    assert not is_genuine(leg, b"another")
    altered = msgspec.structs.replace(leg, data=msgspec.structs.replace(leg.data, **change))
    assert not is_genuine(altered, secret)
    assert not is_genuine(msgspec.structs.replace(leg, subject="c"), secret)
    assert not is_genuine(msgspec.structs.replace(leg, time=at(1)), secret)


def test_a_leg_survives_its_journey_as_json() -> None:
    leg = a_leg(START.astimezone(timezone(timedelta(hours=8))))
    found = decode_wallet(encode(leg))
    assert found == leg
    assert is_genuine(leg, keys.LEDGER["k1"])


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 20), st.integers(0, 2**40)), max_size=30))
def test_clearing_keeps_two_numbers_a_partition(counts: list[tuple[bool, int, int]]) -> None:
    terms, came, went = b"", dict.fromkeys(range(21), 0), dict.fromkeys(range(21), 0)
    for arrival, partition, count in counts:
        terms = (with_arrived if arrival else with_sent)(terms, partition, count)
        (came if arrival else went)[partition] = count
    assert {n: arrived_from(terms, n) for n in range(21)} == came
    assert {n: sent_to(terms, n) for n in range(21)} == went


# -- memory -------------------------------------------------------------------------------------


def test_the_same_content_is_an_equal_event_however_it_is_spelled() -> None:
    one = b"""{"id":"1","source":"s","type":"flowdrop.wallet.open","subject":"a",
        "time":"2026-03-01T08:00:00+08:00","data":{"program":"p"}}"""
    two = b"""{"data": {"program": "p"}, "time": "2026-03-01T00:00:00.000Z", "trace": "x",
        "specversion":"1.0", "subject":"a","type":"flowdrop.wallet.open","source":"s","id":"1"}"""
    assert digest(one) == digest(two)
    three = one.replace(b'"program": "p"', b'"program": "q"').replace(
        b'"program":"p"', b'"program":"q"'
    )
    assert digest(one) != digest(three)


def digest(value: bytes) -> int:
    event = decode_wallet(value)
    return digest_of(OPERATION[type(event)], microseconds(event.time), event.data)


def test_a_digest_is_what_it_was_in_earlier_versions() -> None:
    # Accounts remember digests: an upgrade that changes them turns every retry into a conflict.
    assert digest(encode(World().transfer("a", "b", 5, event_id="1"))) == 0xDB6FF163
    assert event_key("test", "1").hex() == "36a312347016ab76"


def test_repeat_within_the_window_and_too_old_after_it() -> None:
    world = world_with("a")
    event = world.earn("a", amount=5)
    world.send(event)
    world.send(world.earn("a", amount=1, time=at(10)))
    assert world.send(event).outcome == "repeat"
    world.send(world.earn("a", amount=1, time=at(10.0001)))
    assert world.send(event).outcome == "repeat"  # still remembered, if no longer to be
    world.send(world.earn("a", amount=1, time=at(10.0001)))  # has it forgotten
    assert world.send(event).reason == "too_old"
    assert world.balance("a") == 108


def test_memory_is_bounded_and_what_it_lost_is_refused_not_applied_twice() -> None:
    world = world_with("a", coins=0)
    sent = [world.earn("a", "check-in", time=at(n / 10_000)) for n in range(RECENT_MAX + 50)]
    for event in sent:
        world.send(event)
    account = world.get("a")
    assert account is not None
    assert len(entries(account.recent)) == RECENT_MAX
    reasons = [(o.outcome, o.reason) for o in map(world.send, sent)]
    # 51: the opening was the first to go.
    assert reasons.count(("refused", "forgotten")) == 51 - 1
    assert reasons.count(("repeat", "")) == RECENT_MAX
    assert world.balance("a") == 5 * len(sent)


@given(st.lists(st.integers(0, 60), max_size=400), st.integers(0, 20))
def test_forgetting_keeps_the_window_or_says_what_was_lost(times: list[int], window: int) -> None:
    account, latest = Account("wallet", "p", forgotten_us=-1), 0
    kept: list[tuple[bytes, int]] = []
    for number, time in enumerate(times):
        latest = max(latest, time)
        remember(account, event_key("test", str(number)), 7, time, 0, latest - window)
        kept.append((event_key("test", str(number)), time))
    assert len(entries(account.recent)) <= RECENT_MAX
    for key, time in kept:
        at_byte = find(account.recent, key)
        if at_byte < 0:
            assert time < latest - window or time <= account.forgotten_us
        else:
            entry = entry_at(account.recent, at_byte)
            assert (entry.key, entry.time_us, entry.content) == (key, time, 7)


def test_of_too_many_the_first_goes_and_only_an_applied_one_leaves_its_time() -> None:
    for code, forgotten_us in ((0, 1), (CODES["frozen"], 0), (REVERSED, 1), (RELEASED, 1)):
        account = Account("wallet", "p")
        for number in range(RECENT_MAX + 1):
            remember(
                account, event_key("test", str(number)), 7, 1 + number, 0 if number else code, 0
            )
        assert len(entries(account.recent)) == RECENT_MAX
        assert account.forgotten_us == forgotten_us


@given(st.lists(st.binary(min_size=8, max_size=8), max_size=20, unique=True))
def test_find_finds_whole_entries_only(keys: list[bytes]) -> None:
    account = Account("wallet", "p")
    for key in keys:
        content = int.from_bytes(key[:4], "little")
        remember(account, key, content, int.from_bytes(key[:6], "little"), 0, 0)
    recent = account.recent
    for start in range(max(0, len(recent) - 8)):
        found = find(recent, recent[start : start + 8])
        assert (found < 0) == (recent[start : start + 8] not in keys)


# -- accounts -----------------------------------------------------------------------------------

ACCOUNTS = st.builds(
    Account,
    kind=st.sampled_from(get_args(Kind)),
    program=st.text(max_size=20),
    posted=st.integers(-(10**15), 10**15),
    pending=st.integers(0, 10**15),
    version=st.integers(0, 2**60),
    state=st.sampled_from(["open", "frozen", "closed"]),
    chain=st.integers(0, 2**64 - 1),
    forgotten_us=st.integers(0, 2**53),
    recent=st.binary(max_size=100),
    terms=st.binary(max_size=100),
    caps=st.binary(max_size=20),
    name=st.text(max_size=20),
)


@given(ACCOUNTS)
def test_pack_and_unpack(account: Account) -> None:
    assert unpack(account.name, pack(account)) == account


def test_format_3_is_readable_for_ever() -> None:
    written = bytes.fromhex(
        "039aa677616c6c6574a170070203a666726f7a656ecfffffffffffffffff09c406726563656e74c4057465726d73"
    )
    account = Account("wallet", "p", 7, 2, 3, "frozen", 2**64 - 1, 9, b"recent", b"terms", name="a")
    assert unpack("a", written) == account
    assert pack(account) == written


@pytest.mark.parametrize("data", [b"", b"\x01\x90", b"\x02\x90", b"\x04\x90"])
def test_another_format_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(FormatError, match=r"reads 03 only; start over with `flowdrop reset`"):
        unpack("a", data)


def test_kinds_by_name() -> None:
    assert kind_of("budget:spring@3") == "budget"
    assert kind_of("cj:17") == kind_of("issuer") == kind_of("Issuer:p@1") == "wallet"


def test_the_chain_is_recomputed_from_postings_and_finds_what_was_altered() -> None:
    world = world_with("a", coins=0)
    ids = ["e1"]
    for amount in (3, 4, 5):
        event = world.earn("a", amount=amount)
        ids.append(event.id)
        world.send(event)
    steps = list(zip(ids, (0, 3, 4, 5), strict=True))

    def chain(rows: list[tuple[str, int]]) -> int:
        value = 0
        for event_id, amount in rows:
            value = link(value, event_key("test", event_id), amount, 0)
        return value

    account = world.get("a")
    assert account is not None
    assert account.chain == chain(steps)
    altered = [
        steps[:-1],
        steps[1:],
        [steps[0], steps[2], steps[1], steps[3]],
        [*steps[:3], ("e4", 6)],
    ]
    assert account.chain not in map(chain, altered)


# -- results ------------------------------------------------------------------------------------


def test_a_result_mirrors_the_table() -> None:
    world = world_with("a", coins=0)
    event = world.earn("a", "purchase", spend=1299)
    result = world.send(event).result
    assert json.loads(encode_result(result)) == {
        "source_partition": 0,
        "source_offset": 1,
        "event_id": event.id,
        "event_source": "test",
        "type": "earn",
        "subject": "a",
        "program": "p",
        "time": microseconds(START),
        "outcome": "applied",
        "amount": 12,
        "activity": "purchase",
        "spend": 1299,
        "posting": {
            "account": ["issuer:p@0", "a"],
            "kind": ["issuer", "wallet"],
            "amount": [-12, 12],
            "balance": [-12, 12],
            "version": [1, 2],
            "pending": [0, 0],
        },
    }
    assert decode_result(encode_result(result)) == result
    assert encode_results([result, result]) == [encode_result(result)] * 2
    assert encode_results([]) == []


def test_results_of_each_operation() -> None:
    payer, payee = name_on(0, 2), name_on(1, 2)
    world = world_with(payer, payee, partitions=2)
    events = [
        (world.fund("budget:spring@0", 9), {"amount": 9, "campaign": "spring"}),
        (world.grant(payer, 8), {"amount": 8, "campaign": "spring"}),
        (world.redeem(payer, 7), {"amount": 7, "carrier": "unicom"}),
        (world.redeem(payer, 999), {"amount": 999, "reason": "insufficient_balance"}),
        (world.transfer(payer, payee, 6), {"amount": 6, "counterparty": payee}),
    ]
    for event, facts in events:
        result = world.send(event).result
        assert {name: getattr(result, name) for name in facts} == facts
    sent = world.legs[0, 1][0]
    arrival, ack = world.drain()
    facts = (arrival.result.type, arrival.result.step, arrival.result.cause)
    assert facts == ("leg", "transfer", events[-1][0].id)
    assert (arrival.result.amount, arrival.result.counterparty) == (6, payer)
    assert (ack.result.step, ack.result.cause) == ("ack", sent.data.cause)
    assert (ack.result.amount, ack.result.counterparty) == (6, "clearing:p@1")


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("cj:17", "cj:17"),
        (deposit_name("cj:17"), "cj:17"),
        (order_name(b"12345678", "cj:17"), "cj:17"),
        (reward_name(b"12345678", "cj:17@2"), "cj:17@2"),
        (claim_name("packet:a:b@3", "cj:17@4"), "packet:a:b@3"),
        (share_name("packet:a@3", "s:1"), "packet:a@3"),
        ("budget:spring@3", "budget:spring@3"),
        ("order:odd", "odd"),
    ],
)
def test_an_account_is_placed_by_its_owner(name: str, owner: str) -> None:
    assert owner_name(name) == owner


def test_every_type_of_event_has_an_operation_and_facts() -> None:
    kinds = set(kinds_of(WalletEvent))
    ours = {Correction, KeyChange, Leg, ProgramRules}
    assert Counter(row.event for row in OURS) == dict.fromkeys(ours, 1)
    assert Counter(row.event for row in OPERATIONS) == dict.fromkeys(kinds - ours, 1)
    assert {row.name for row in OPERATIONS} == set(get_args(Operation))
    assert all(row.name == _last_word(row.event) for row in OPERATIONS)
    assert set(FACTS) == kinds
    assert set(STEPS) == set(get_args(Step))


def _last_word(kind: type) -> str:
    return str(kind.__struct_config__.tag).rpartition(".")[2]


def test_the_tables_have_every_field() -> None:
    files = sorted((FOLDER / "migrations").glob("*.sql"))
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    for field in Result.__struct_fields__:
        names = [f"`posting.{name}`" for name in Postings.__struct_fields__]
        for name in names if field == "posting" else [field]:
            assert re.search(rf"^    (ADD COLUMN IF NOT EXISTS )?{name} ", text, re.MULTILINE), name


# -- time ---------------------------------------------------------------------------------------


@given(st.datetimes(timezones=st.just(timezone(timedelta(hours=8)))))
def test_microseconds_are_exact(time: datetime) -> None:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert epoch + timedelta(microseconds=microseconds(time)) == time


def test_the_clock_is_the_latest_applied_time() -> None:
    world = world_with("a")
    assert world.shards[0].clock_us == microseconds(START)
    world.send(world.earn("a", amount=1, time=at(3)))
    world.send(world.earn("a", amount=1, time=at(2)))
    world.send(world.redeem("a", 10**9, time=at(5)))
    assert world.shards[0].clock_us == microseconds(START) + 3 * DAY_US


@pytest.mark.parametrize("days_ahead", [100, 5000])
def test_a_refused_event_from_ahead_does_not_stand_in_the_way_of_others(days_ahead: int) -> None:
    world = world_with("a", coins=0)
    arrived = at(1000)
    assert world.send(world.redeem("a", 10**9, time=at(days_ahead)), arrived=arrived).reason
    for day in range(1, 400):
        sent = world.earn("a", amount=1, time=at(day / 4))
        assert world.send(sent, arrived=arrived).outcome == "applied", day


def test_what_came_too_early_is_judged_anew_once_its_time_has_come() -> None:
    world = world_with("a", coins=0)
    early = world.earn("a", amount=5, time=at(3))
    for _ in range(2):
        told = world.send(early, arrived=at(0))
        assert (told.outcome, told.reason, told.changed) == ("refused", "in_the_future", {})
    assert world.send(early, arrived=at(2)).outcome == "applied"  # by the tolerance of a day
    assert world.send(early, arrived=at(3)).outcome == "repeat"
    assert world.balance("a") == 5


def test_what_was_early_and_is_then_refused_by_its_balance_stays_refused() -> None:
    world = world_with("a", coins=0)
    early = world.redeem("a", 5, time=at(3))
    assert world.send(early, arrived=at(0)).reason == "in_the_future"
    assert world.send(early, arrived=at(3)).reason == "insufficient_balance"
    world.send(world.earn("a", amount=9, time=at(3)))
    late = world.send(early, arrived=at(3))
    assert (late.outcome, late.reason) == ("repeat", "insufficient_balance")
    assert world.balance("a") == 9


def test_what_was_early_for_its_clock_and_then_came_late_is_too_old() -> None:
    world = world_with("a", coins=0)
    early = world.earn("a", amount=5, time=at(3))
    assert world.send(early, arrived=at(0)).reason == "in_the_future"
    world.send(world.earn("a", amount=1, time=at(20)))
    assert world.send(early, arrived=at(20)).reason == "too_old"
    assert world.balance("a") == 1
