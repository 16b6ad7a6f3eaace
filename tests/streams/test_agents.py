"""What the agents make of a batch, without a broker: forwarded, set aside, passed on once."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

import pytest
from msgspec.structs import replace

from streams.events import (
    ACCEPTED_TOPIC,
    CAMPAIGN_TOPIC,
    DEADLETTER_TOPIC,
    POSTINGS_TOPIC,
    WALLET_TOPIC,
    Describe,
    DescribeData,
    Earn,
    EarnData,
    Event,
    Open,
    OpenData,
    Profile,
    ProfileData,
    Transfer,
    TransferData,
    Visit,
    VisitData,
    decode_campaign,
    encode,
    partition_of,
)
from streams.events.person import number_of
from streams.layer.batch import Batch
from streams.layer.state import PartitionState, Record
from streams.layer.table import Work
from streams.ledger.accounts import unpack
from streams.ledger.fold import _ROWS
from streams.ledger.results import decode_result
from streams.ledger.wallets import earn
from streams.settings import StreamSettings
from streams.worker.agents import check_batch, fold_batch, rules_of
from streams.worker.checks import checks_of
from tests import keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.layer.state import Pending
    from streams.ledger.accounts import Account
    from streams.ledger.turn import Turn
    from streams.programs import Program

PARTITIONS = 2
NOW = datetime(2026, 11, 1, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
CHECKS = checks_of(StreamSettings(partitions=PARTITIONS))
RULES = rules_of(StreamSettings(partitions=PARTITIONS, **keys.SETTINGS))
HERE = next(name for name in "abcdef" if partition_of(name, PARTITIONS) == 0)
THERE = next(name for name in "abcdef" if partition_of(name, PARTITIONS) == 1)


def records(*events: Event) -> list[tuple[bytes | None, bytes | None]]:
    return [(event.subject.encode(), encode(event)) for event in events]


def batch(
    topic: str, found: list[tuple[bytes | None, bytes | None]], partition: int = 0, start: int = 0
) -> Batch:
    offsets = list(range(start, start + len(found)))
    return Batch(
        topic=topic,
        partition=partition,
        start=start,
        end=start + len(found),
        keys=[key for key, _ in found],
        values=[value for _, value in found],
        offsets=offsets,
        timestamps_ms=[NOW_MS] * len(found),
        headers=[[] for _ in found],
        size_bytes=0,
    )


def commit(state: PartitionState) -> Pending:
    pending = state.take()
    state.settle()
    return pending


def fold(
    state: PartitionState, found: list[tuple[bytes | None, bytes | None]], start: int = 0
) -> Pending:
    work = Work(batch(WALLET_TOPIC, found, state.number, start), state)
    fold_batch(work, RULES, PARTITIONS)
    return commit(state)


def check(state: PartitionState, *found: tuple[bytes | None, bytes | None]) -> Pending:
    work = Work(batch(CAMPAIGN_TOPIC, list(found), state.number), state)
    check_batch(work, CHECKS)
    return commit(state)


def results(pending: Pending) -> list[tuple[str, str]]:
    found = [decode_result(r.value or b"") for r in pending.records if r.topic == POSTINGS_TOPIC]
    return [(result.outcome, result.reason) for result in found]


def opened(name: str) -> Open:
    data = OpenData(program="liuliangbao")
    return Open(id=f"open {name}", source="t", time=NOW, subject=name, data=data)


def earned(name: str, spend: int) -> Earn:
    data = EarnData(program="liuliangbao", activity="purchase", spend=spend)
    return Earn(id=f"earn {spend}", source="t", time=NOW, subject=name, data=data)


def describe(campaign: str) -> Describe:
    data = DescribeData(campaign=campaign)
    return Describe(id="d", source="t", time=NOW, subject=f"campaign:{campaign}", data=data)


def visit(person: str, event_id: str = "v", campaign: str = "c", **changes: object) -> Visit:
    data = VisitData(campaign=campaign)
    values = {"id": event_id, "source": "t", "time": NOW, "subject": person, "data": data}
    return Visit(**(values | changes))  # type: ignore[arg-type]


def test_a_record_on_the_wrong_partition_is_forwarded_as_it_is_and_applied_there_once() -> None:
    wrong, right = PartitionState(0), PartitionState(1)
    sent = records(opened(THERE))
    pending = fold(wrong, sent)
    assert results(pending) == [("forwarded", "")]
    forwarded = [r for r in pending.records if r.topic == WALLET_TOPIC]
    assert forwarded == [Record(WALLET_TOPIC, 1, *sent[0], None)]
    assert set(wrong.committed) == {b"\x00shard"}, "nothing is kept of it here"
    assert results(fold(right, [(r.key, r.value) for r in forwarded])) == [("applied", "")]


def test_an_event_whose_clock_is_wrong_is_forwarded_before_it_is_judged() -> None:
    early = Open(**{**_fields(opened(THERE)), "time": NOW + timedelta(days=400)})
    assert results(fold(PartitionState(0), records(early))) == [("forwarded", "")]


def _fields(event: Open) -> dict[str, object]:
    return {name: getattr(event, name) for name in ("id", "source", "time", "subject", "data")}


def test_a_transfer_to_the_other_partition_takes_its_signed_leg() -> None:
    here, there = PartitionState(0), PartitionState(1)
    fold(there, records(opened(THERE)))
    data = TransferData(program="liuliangbao", to=THERE, amount=3)
    gift = Transfer(id="gift", source="t", time=NOW, subject=HERE, data=data)
    pending = fold(here, records(opened(HERE), earned(HERE, 700), gift))
    assert results(pending) == [("applied", "")] * 3
    (leg,) = [r for r in pending.records if r.topic == WALLET_TOPIC]
    assert leg.partition == 1
    assert results(fold(there, [(leg.key, leg.value)], start=1)) == [("applied", "")]
    assert unpack(HERE, here.committed[HERE.encode()]).posted == 4
    assert unpack(THERE, there.committed[THERE.encode()]).posted == 3


def test_a_forged_leg_is_refused_and_moves_nothing() -> None:
    there = PartitionState(1)
    fold(there, records(opened(THERE)))
    here = PartitionState(0)
    data = TransferData(program="liuliangbao", to=THERE, amount=3)
    gift = Transfer(id="gift", source="t", time=NOW, subject=HERE, data=data)
    pending = fold(here, records(opened(HERE), earned(HERE, 700), gift))
    (leg,) = [r for r in pending.records if r.topic == WALLET_TOPIC]
    body = json.loads(leg.value or b"")
    body["data"]["amount"] = 300
    forged = json.dumps(body).encode()
    assert results(fold(there, [(leg.key, forged)], start=1)) == [("refused", "forged_leg")]
    assert unpack(THERE, there.committed[THERE.encode()]).posted == 0


def test_a_broken_record_is_set_aside_to_the_byte_and_the_batch_goes_on() -> None:
    broken = (b"key", b"\xff not json")
    pending = fold(PartitionState(0), [broken, *records(opened(HERE))])
    (letter,) = [r for r in pending.records if r.topic == DEADLETTER_TOPIC]
    assert (letter.key, letter.value) == broken
    headers = dict(letter.headers or [])
    assert headers["topic"] == WALLET_TOPIC.encode()
    assert (headers["partition"], headers["offset"]) == (b"0", b"0")
    assert headers["reason"] == b"not_utf8"
    assert results(pending) == [("applied", "")]


def test_a_null_value_stays_null() -> None:
    pending = fold(PartitionState(0), [(b"key", None)])
    (letter,) = pending.records
    assert letter.value is None
    assert ("null", b"1") in (letter.headers or [])


def test_the_same_batch_folded_twice_from_the_same_state_gives_the_same_bytes() -> None:
    sent = records(opened(HERE), *(earned(HERE, 100 * n) for n in range(1, 50)))
    one, other = PartitionState(0), PartitionState(0)
    first, second = fold(one, sent), fold(other, sent)
    assert first.records == second.records
    assert one.committed == other.committed


def test_the_size_of_the_batches_does_not_change_the_outcome() -> None:
    sent = records(opened(HERE), *(earned(HERE, 100 * n) for n in range(1, 50)))
    whole, pieces = PartitionState(0), PartitionState(0)
    fold(whole, sent)
    for start in range(0, len(sent), 7):
        fold(pieces, sent[start : start + 7], start)
    assert whole.committed == pieces.committed


def run_instead(monkeypatch: pytest.MonkeyPatch, kind: type, operation: Callable[..., str]) -> None:
    monkeypatch.setitem(_ROWS, kind, (*_ROWS[kind][:-1], operation))


def test_an_event_whose_fold_raises_is_set_aside_and_the_others_come_to_what_they_would(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def spoiled(turn: Turn, event: Earn, wallet: Account, program: Program) -> str:
        reason = earn(turn, event, wallet, program)
        if event.data.spend == 1300:  # after it has posted: the book is half changed
            raise ZeroDivisionError("planted")
        return reason

    run_instead(monkeypatch, Earn, spoiled)
    good = [opened(HERE), *(earned(HERE, 100 * n) for n in range(1, 30))]
    sent = records(*good)
    poison = [n for n, event in enumerate(good) if isinstance(event, Earn) and "1300" in event.id]
    pending = fold(spoiled_state := PartitionState(0), sent)
    (letter,) = [r for r in pending.records if r.topic == DEADLETTER_TOPIC]
    headers = dict(letter.headers or [])
    assert (letter.key, letter.value) == sent[poison[0]]
    assert headers["offset"] == str(poison[0]).encode()
    assert headers["reason"] == b"fold_failed"
    assert headers["detail"] == b"ZeroDivisionError: planted"
    assert results(pending) == [("applied", "")] * (len(good) - 1)
    assert unpack(HERE, spoiled_state.committed[HERE.encode()]).posted == sum(range(30)) - 13


def test_memory_that_runs_out_is_no_records_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def spoiled(*_: object) -> str:
        raise MemoryError

    run_instead(monkeypatch, Open, spoiled)
    with pytest.raises(MemoryError):
        fold(PartitionState(0), records(opened(HERE)))


def test_a_campaign_event_is_passed_on_once() -> None:
    state = PartitionState(0)
    pending = check(state, *records(visit(HERE), visit(HERE)))
    assert [r.topic for r in pending.records] == [ACCEPTED_TOPIC]
    assert check(state, *records(visit(HERE))).records == []


def numbers(pending: Pending) -> list[tuple[str, int]]:
    accepted = [r for r in pending.records if r.topic == ACCEPTED_TOPIC]
    return [((r.key or b"").decode(), number_of(r.value or b"")) for r in accepted]


def test_people_are_numbered_when_they_are_first_seen_and_keep_their_numbers() -> None:
    state = PartitionState(0)
    here = [name for name in "abcdefghijkl" if partition_of(name, PARTITIONS) == 0]
    described = describe("spring")
    first = numbers(
        check(state, *records(visit(here[2]), described, visit(here[0]), visit(here[2], "w")))
    )
    assert first == [(here[2], 2), ("campaign:spring", 0), (here[0], 4), (here[2], 2)]
    early = visit(here[3], time=NOW + timedelta(days=3))
    again = check(state, *records(visit(here[1]), visit(here[2]), early, visit(here[0], "w")))
    assert numbers(again) == [(here[1], 6), (here[0], 4)]


def test_the_same_log_gives_the_same_numbers_however_it_is_cut() -> None:
    people = [f"p{n}" for n in range(40) if partition_of(f"p{n}", PARTITIONS) == 0]
    log = records(*(visit(people[n * 7 % len(people)], f"v{n}") for n in range(60)))
    whole, cut = PartitionState(0), PartitionState(0)
    wanted = numbers(check(whole, *log))
    found = [each for n in range(0, 60, 7) for each in numbers(check(cut, *log[n : n + 7]))]
    assert found == wanted
    assert whole.committed == cut.committed


def test_an_opened_wallet_is_announced_to_the_campaign_agent_once() -> None:
    ledger, campaigns = PartitionState(0), PartitionState(0)
    sent = records(opened(HERE), opened(HERE), earned(HERE, 700))
    pending = fold(ledger, sent)
    announced = [(r.key, r.value) for r in pending.records if r.topic == CAMPAIGN_TOPIC]
    assert len(announced) == 1
    assert numbers(check(campaigns, *announced)) == [(HERE, 2)]
    assert numbers(check(campaigns, *announced)) == []
    forged = records(opened(THERE))
    assert not [r for r in fold(ledger, forged, 3).records if r.topic == CAMPAIGN_TOPIC]


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (visit(HERE, campaign="other"), b"conflict"),
        (visit(HERE, "w", time=NOW + timedelta(days=3)), b"in_the_future"),
    ],
)
def test_a_contradictory_or_early_campaign_event_is_set_aside(event: Visit, reason: bytes) -> None:
    pending = check(PartitionState(0), *records(visit(HERE), event))
    letter = pending.records[-1]
    assert letter.topic == DEADLETTER_TOPIC
    assert dict(letter.headers or [])["reason"] == reason


def test_a_campaign_event_on_the_wrong_partition_is_forwarded() -> None:
    (sent,) = records(visit(THERE))
    assert check(PartitionState(0), sent).records == [Record(CAMPAIGN_TOPIC, 1, *sent, None)]


PROFILE = Profile(
    **_fields(opened(HERE)) | {"data": ProfileData(attributes={"shoe_size": 43, "city": "北京"})}  # type: ignore[arg-type]
)


def unknown(way: Literal["keep", "drop", "refuse"], event: Profile) -> Pending:
    state = PartitionState(0)
    work = Work(batch(CAMPAIGN_TOPIC, records(event), 0), state)
    check_batch(work, replace(CHECKS, attributes=replace(CHECKS.attributes, unknown=way)))
    return commit(state)


def test_an_attribute_of_no_catalogue_is_kept_dropped_or_refused() -> None:
    (kept,) = unknown("keep", PROFILE).records
    (dropped,) = unknown("drop", PROFILE).records
    (refused,) = unknown("refuse", PROFILE).records
    assert decode_campaign(kept.value or b"").data.attributes == {"shoe_size": 43, "city": "北京"}
    assert decode_campaign(dropped.value or b"").data.attributes == {"city": "北京"}
    assert dict(refused.headers or [])["reason"] == b"unknown_attribute"


def test_a_profile_of_which_all_is_dropped_is_still_an_event() -> None:
    only = replace(PROFILE, data=ProfileData(attributes={"shoe_size": 43}))
    (record,) = unknown("drop", only).records
    assert record.topic == ACCEPTED_TOPIC
    assert decode_campaign(record.value or b"").data.attributes == {}
