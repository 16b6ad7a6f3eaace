from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from console.drops.events import count, events
from console.drops.selection import HOLDOUT, TREATED, Member
from console.drops.tables import Drop
from streams.events import Assignment, Contact, Fund, Grant, encode, partition_of

MEMBERS = [
    Member(f"cj:{n}", n, 0.5, HOLDOUT if n % 10 == 0 else TREATED, 0.1 if n % 10 == 0 else 0.9)
    for n in range(1, 201)
]


def drop(**changes: object) -> Drop:
    values: dict[str, object] = {
        "name": "spring",
        "program": "liuliangbao",
        "budget": 10**6,
        "amount": 500,
        "partitions": 8,
        "launched_at": datetime(2026, 11, 23, 15, 0, 0, 5, tzinfo=UTC),
        "until": None,
    }
    return Drop(**(values | changes))


def test_the_same_drop_gives_the_same_bytes() -> None:
    first = [encode(e) for e in events(drop(), MEMBERS)]
    assert first == [encode(e) for e in events(drop(), list(MEMBERS))]
    assert len(first) == count(drop(), MEMBERS) == len(set(first))


def test_who_is_held_out_gets_an_assignment_and_nothing_else() -> None:
    held = {m.person for m in MEMBERS if m.arm == HOLDOUT}
    found = [e for e in events(drop(), MEMBERS) if e.subject in held]
    assert len(found) == len(held) == 20
    assert all(isinstance(e, Assignment) and e.data.arm == HOLDOUT for e in found)


def test_each_shard_gets_exactly_what_its_grants_need_and_before_them() -> None:
    funded: Counter[int] = Counter()
    for event in events(drop(), MEMBERS):
        if isinstance(event, Fund):
            assert event.subject.startswith("budget:spring@")
            funded[partition_of(event.subject, 8)] += event.data.amount
        elif isinstance(event, Grant):
            shard = partition_of(event.subject, 8)
            funded[shard] -= event.data.amount
            assert funded[shard] >= 0
    assert set(funded.values()) == {0}


def test_everyone_treated_is_told_and_carries_the_probability() -> None:
    made = list(events(drop(until=datetime(2027, 1, 1, tzinfo=UTC)), MEMBERS))
    treated = {m.person for m in MEMBERS if m.arm == TREATED}
    contacts = [e for e in made if isinstance(e, Contact)]
    assert {e.subject for e in contacts} == treated
    assert {e.data.until for e in contacts} == {datetime(2027, 1, 1, tzinfo=UTC)}
    assert {e.data.cost for e in contacts} == {None}
    arms = {e.subject: (e.data.arm, e.data.probability) for e in made if isinstance(e, Assignment)}
    assert arms == {m.person: (m.arm, m.probability) for m in MEMBERS}
    assert {e.time for e in made} == {datetime(2026, 11, 23, 15, 0, 0, 5, tzinfo=UTC)}


def test_ids_fit_the_longest_names() -> None:
    longest = [Member("p" * 128, 1, 0.5, TREATED, 1.0)]
    for event in events(drop(name="n" * 48), longest):
        assert len(event.id) <= 200
        assert len(event.subject) <= 128


def test_a_drop_without_launch_time_has_no_events() -> None:
    with pytest.raises(ValueError, match="no launch time"):
        list(events(drop(launched_at=None), MEMBERS))
