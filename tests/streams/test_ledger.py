"""What the ledger does when it says yes: operations, legs, memory, records and results."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sql.client import FOLDER
from streams.events import decode_wallet, encode
from streams.ledger.accounts import Account, kind_of, pack, unpack
from streams.ledger.case import Posting
from streams.ledger.fold import link, microseconds
from streams.ledger.legs import is_genuine, leg_of, next_offset, with_arrival
from streams.ledger.recent import RECENT_MAX, digest_of, entries, find, forget, key_of, remember
from streams.ledger.results import Result, decode_result, encode_result, result_of
from tests.streams.ledger_world import DAY_US, START, World, at, name_on, world_with

# -- operations ---------------------------------------------------------------------------------


def test_open_begins_a_history_with_a_posting_of_zero() -> None:
    world = World()
    outcome = world.send(world.open("a"))
    assert list(outcome.postings) == [Posting("a", "wallet", 0, 0, 1)]


def test_earn_is_minted_by_the_issuer() -> None:
    world = world_with("a", coins=0)
    outcome = world.send(world.earn("a", "purchase", spend=1299))
    assert list(outcome.postings) == [
        Posting("issuer:p@0", "issuer", -12, -12, 1),
        Posting("a", "wallet", 12, 12, 2),
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
        Posting("budget:spring@0", "budget", -10, 0, 2),
        Posting("a", "wallet", 10, 10, 2),
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
    assert (world.balance("a"), world.balance("b"), outcome.legs) == (70, 130, ())


def test_transfer_across_partitions_is_in_flight_until_its_leg_arrives() -> None:
    payer, payee = name_on(0, 2), name_on(1, 2)
    world = world_with(payer, payee, partitions=2)
    outcome = world.send(world.transfer(payer, payee, 30))
    assert [(p.account, p.amount) for p in outcome.postings] == [(payer, -30), ("clearing:p@0", 30)]
    assert (world.balance(payer), world.balance(payee)) == (70, 100)
    (arrival,) = world.drain()
    assert [(p.account, p.amount) for p in arrival.postings] == [("clearing:p@1", -30), (payee, 30)]
    assert world.balance("clearing:p@0") + world.balance("clearing:p@1") == 0


@pytest.mark.parametrize("payee", ["unknown", "closed", "another program", "full"])
def test_a_leg_that_no_wallet_can_take_goes_to_suspense(payee: str) -> None:
    payer, name = name_on(0, 2), name_on(1, 2)
    world = world_with(payer, partitions=2)
    if payee != "unknown":
        world.send(world.open(name, program="q" if payee == "another program" else "p"))
    if payee == "closed":
        world.change(name, state="closed")
    if payee == "full":
        world.send(world.earn(name, amount=10**15))
    world.send(world.transfer(payer, name, 30))
    before = world.balance(name)
    (arrival,) = world.drain()
    assert arrival.outcome == "applied"
    assert [p.account for p in arrival.postings] == ["clearing:p@1", "suspense:p@1"]
    assert (world.balance("suspense:p@1"), world.balance(name)) == (30, before)


# -- legs ---------------------------------------------------------------------------------------


def test_a_leg_is_exempt_from_the_window_and_moves_no_clock() -> None:
    payer, payee = name_on(0, 2), name_on(1, 2)
    world = world_with(payer, payee, partitions=2)
    world.send(world.transfer(payer, payee, 1))
    world.send(world.earn(payee, amount=1, time=at(300)))
    clock_us = world.shards[1].clock_us
    (arrival,) = world.drain()
    assert (arrival.outcome, arrival.clock_us) == ("applied", clock_us)
    world.send(world.earn(payer, amount=1, time=at(900)))
    world.send(world.transfer(payer, payee, 1, time=at(900)))
    (arrival,) = world.drain()
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


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 6},
        {"payer": "x"},
        {"program": "q"},
        {"transfer": "x"},
        {"partition": 1},
        {"offset": 8},
        {"signature": "0" * 64},
        {"signature": "é" * 64},
    ],
)
def test_an_altered_leg_is_not_genuine(change: dict[str, object]) -> None:
    leg = leg_of(World().transfer("a", "b", 5), 0, 7, b"secret")
    assert is_genuine(leg, b"secret")
    assert not is_genuine(leg, b"Secret")
    altered = msgspec.structs.replace(leg, data=msgspec.structs.replace(leg.data, **change))
    assert not is_genuine(altered, b"secret")
    assert not is_genuine(msgspec.structs.replace(leg, subject="c"), b"secret")
    assert not is_genuine(msgspec.structs.replace(leg, time=at(1)), b"secret")


def test_a_leg_survives_its_journey_as_json() -> None:
    transfer = msgspec.structs.replace(
        World().transfer("a", "b", 5), time=START.astimezone(timezone(timedelta(hours=8)))
    )
    leg = leg_of(transfer, 0, 7, b"secret")
    found = decode_wallet(encode(leg))
    assert found == leg
    assert is_genuine(leg, b"secret")


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 2**40)), max_size=30))
def test_arrivals_keep_one_number_an_origin(arrivals: list[tuple[int, int]]) -> None:
    arrived, expected = b"", {}
    for origin, offset in arrivals:
        arrived = with_arrival(arrived, origin, offset)
        expected[origin] = offset + 1
    assert {o: next_offset(arrived, o) for o in range(21)} == {
        o: expected.get(o, 0) for o in range(21)
    }


# -- memory -------------------------------------------------------------------------------------


def test_the_same_content_is_an_equal_event_however_it_is_spelled() -> None:
    one = b"""{"id":"1","source":"s","type":"flowdrop.wallet.open","subject":"a",
        "time":"2026-03-01T08:00:00+08:00","data":{"program":"p"}}"""
    two = b"""{"data": {"program": "p"}, "time": "2026-03-01T00:00:00.000Z", "trace": "x",
        "specversion":"1.0", "subject":"a","type":"flowdrop.wallet.open","source":"s","id":"1"}"""
    assert digest_of(decode_wallet(one)) == digest_of(decode_wallet(two))
    three = one.replace(b'"source":"s"', b'"source":"t"')
    assert digest_of(decode_wallet(one)) != digest_of(decode_wallet(three))


def test_a_digest_is_what_it_was_in_earlier_versions() -> None:
    # Accounts remember digests: an upgrade that changes them turns every retry into a conflict.
    assert digest_of(World().transfer("a", "b", 5, event_id="1")).hex() == "3446f005"
    assert key_of("1").hex() == "f6fc42039fba3776"


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
    recent, lost, latest = b"", -1, 0
    kept: list[tuple[bytes, int]] = []
    for number, time in enumerate(times):
        latest = max(latest, time)
        recent, dropped = forget(recent, latest - window)
        lost = max(lost, dropped)
        recent = remember(recent, key_of(str(number)), b"abcd", time, number % 26)
        kept.append((key_of(str(number)), time))
    assert len(entries(recent)) <= RECENT_MAX
    for key, time in kept:
        found = find(recent, key)
        if found is None:
            assert time < latest - window or time <= lost
        else:
            assert (found.time_us, found.content) == (time, b"abcd")


@given(st.lists(st.binary(min_size=8, max_size=8), max_size=20, unique=True))
def test_find_finds_whole_entries_only(keys: list[bytes]) -> None:
    recent = b""
    for key in keys:
        recent = remember(recent, key, key[:4], int.from_bytes(key[:7], "little"), 0)
    for start in range(max(0, len(recent) - 8)):
        found = find(recent, recent[start : start + 8])
        assert (found is None) == (recent[start : start + 8] not in keys)


# -- accounts -----------------------------------------------------------------------------------

ACCOUNTS = st.builds(
    Account,
    kind=st.sampled_from(["wallet", "budget", "clearing", "carrier", "issuer", "suspense"]),
    program=st.text(max_size=20),
    posted=st.integers(-(10**15), 10**15),
    pending=st.integers(0, 10**15),
    version=st.integers(0, 2**60),
    state=st.sampled_from(["open", "frozen", "closed"]),
    chain=st.integers(0, 2**64 - 1),
    forgotten_us=st.integers(0, 2**53),
    recent=st.binary(max_size=100),
    arrived=st.binary(max_size=100),
)


@given(ACCOUNTS)
def test_pack_and_unpack(account: Account) -> None:
    assert unpack(pack(account)) == account


def test_format_1_is_readable_for_ever() -> None:
    written = bytes.fromhex(
        "019aa677616c6c6574a170070203a666726f7a656ecfffffffffffffffff09c406726563656e74c4"
        "0761727269766564"
    )
    assert unpack(written) == Account(
        "wallet", "p", 7, 2, 3, "frozen", 2**64 - 1, 9, b"recent", b"arrived"
    )


@pytest.mark.parametrize("data", [b"", b"\x02\x90"])
def test_a_format_from_the_future_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(ValueError, match="this version reads 01"):
        unpack(data)


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
            value = link(value, key_of(event_id), amount)
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
    outcome = world.send(event)
    result = result_of(event, outcome, 3, 17)
    assert json.loads(encode_result(result)) == {
        "source_partition": 3,
        "source_offset": 17,
        "event_id": event.id,
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
        },
    }
    assert decode_result(encode_result(result)) == result


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
        result = result_of(event, world.send(event), 0, 0)
        assert {name: getattr(result, name) for name in facts} == facts
    leg = world.legs[0, 1][0]
    (arrival,) = world.drain()
    result = result_of(leg, arrival, 1, 0)
    assert (result.type, result.amount, result.counterparty) == ("leg", 6, payer)


def test_the_table_has_every_field() -> None:
    columns = (FOLDER / "migrations" / "002_ledger_results.sql").read_text(encoding="utf-8")
    for field in Result.__struct_fields__:
        names = [f"`posting.{n}`" for n in ("account", "kind", "amount", "balance", "version")]
        for name in names if field == "posting" else [field]:
            assert f"\n    {name} " in columns


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


def test_a_refused_event_from_the_future_is_forgotten_as_if_it_had_come_on_time() -> None:
    world = world_with("a", coins=0)
    refused = world.earn("a", amount=5, time=at(5000))
    world.send(refused, arrived=at(0))
    assert world.send(refused, arrived=at(2)).reason == "in_the_future"
    for days in (11.5, 11.6):
        world.send(world.earn("a", amount=1, time=at(days)))
    account = world.get("a")
    assert account is not None
    assert find(account.recent, key_of(refused.id)) is None
