"""Disorder: what arrives late, twice, in another order or by a wrong clock, and nothing else."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from scenarios.city import city
from scenarios.city.plan import Plan
from scenarios.disorder import Disorder, Shares
from streams.events import CAMPAIGN_TOPIC, decode_campaign, decode_wallet, encode

if TYPE_CHECKING:
    from datetime import timedelta

    from scenarios.spoil import Record


@pytest.fixture(scope="module")
def good() -> list[Record]:
    return list(city.records(Plan(people=200, days=20, seed=3, partitions=4)))


def disturbed(good: list[Record], seed: int = 5, **shares: float) -> tuple[list[Record], Disorder]:
    disorder = Disorder(Shares(**shares), seed)
    return list(disorder.disturb(good)), disorder


def read(record: Record) -> Any:
    decode = decode_campaign if record[0] == CAMPAIGN_TOPIC else decode_wallet
    return decode(record[3] or b"")


def waits(good: list[Record], found: list[Record]) -> dict[Record, float]:
    """How many seconds of the stream's time each record came after its own."""
    last = read(good[0]).time
    after = {}
    for record in found:
        time = read(record).time
        last = max(last, time)
        if record not in after:
            after[record] = (last - time).total_seconds()
    return after


def test_no_share_changes_nothing(good: list[Record]) -> None:
    assert disturbed(good)[0] == good


def test_late_records_come_within_seven_days_and_all_others_at_once(good: list[Record]) -> None:
    found, disorder = disturbed(good, late=0.05)
    assert Counter(found) == Counter(good)
    late = [seconds for seconds in waits(good, found).values() if seconds > 0]
    assert 0.9 * disorder.counts["late"] < len(late) <= disorder.counts["late"]
    assert 0.03 * len(good) < disorder.counts["late"] < 0.07 * len(good)
    assert max(late) < 7.2 * 86_400
    assert max(late) > 5 * 86_400
    assert sum(seconds > 86_400 for seconds in late) > 0.5 * len(late)


def test_reordered_records_come_within_minutes(good: list[Record]) -> None:
    found, disorder = disturbed(good, reorder=0.2)
    assert Counter(found) == Counter(good)
    assert found != good
    assert 0.15 * len(good) < disorder.counts["reorder"] < 0.25 * len(good)
    # a record is let go by the next one, for which a quiet night may have to be waited
    assert max(waits(good, found).values()) < 3_600


def test_duplicates_are_the_same_bytes_once_more(good: list[Record]) -> None:
    found, disorder = disturbed(good, duplicate=0.1)
    counts = Counter(found)
    assert set(counts) == set(good)
    assert Counter(counts.values())[2] == disorder.counts["duplicate"] == len(found) - len(good)
    assert 0.07 * len(good) < len(found) - len(good) < 0.13 * len(good)


def test_a_wrong_clock_is_its_subjects_and_changes_the_time_alone(good: list[Record]) -> None:
    found, disorder = disturbed(good, skew=0.1)
    shifts: dict[str, set[timedelta]] = {}
    for before, after in zip(good, found, strict=True):
        one, other = read(before), read(after)
        assert after[:3] == before[:3]
        assert encode(other) == after[3]
        fields = [name for name in one.__struct_fields__ if name != "time"]
        assert all(getattr(one, name) == getattr(other, name) for name in fields)
        shifts.setdefault(one.subject, set()).add(other.time - one.time)
    assert {len(found) for found in shifts.values()} == {1}
    moved = [abs(shift.total_seconds()) for [shift] in shifts.values() if shift]
    assert 0.06 * len(shifts) < len(moved) < 0.14 * len(shifts)
    assert 60 <= min(moved) <= max(moved) <= 3_600
    assert disorder.counts["skew"] == sum(a != b for a, b in zip(good, found, strict=True))


def test_the_same_seed_gives_the_same_stream_and_another_gives_another(good: list[Record]) -> None:
    shares = {"late": 0.05, "reorder": 0.05, "duplicate": 0.05, "skew": 0.05}
    assert disturbed(good, **shares)[0] == disturbed(good, **shares)[0]
    assert disturbed(good, **shares)[0] != disturbed(good, 6, **shares)[0]


@pytest.mark.parametrize("shares", [{"late": -0.1}, {"skew": 1.1}, {"late": 0.6, "reorder": 0.6}])
def test_shares_that_can_not_be_are_an_error(shares: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"between 0 and 1|more than 1"):
        Disorder(Shares(**shares), 1)
