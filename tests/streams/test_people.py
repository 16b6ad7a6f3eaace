"""What the campaign agent remembers of a person's events."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.events.identity import event_key
from streams.worker.people import NUMBER_END, REMEMBERED_MAX, Numbers, Person, pack, unpack

events_of_one = st.tuples(
    st.sampled_from(["game", "check-in"]),
    st.text(min_size=1, max_size=3),
    st.binary(max_size=2),
    st.integers(0, 9),
)


def tell(person: Person, key: bytes, content: bytes, time_us: int) -> str:
    verdict = person.verdict(key, content, time_us)
    if verdict == "new":
        person.remember(key, content, time_us)
    return verdict


@settings(deadline=None)
@given(st.lists(events_of_one, max_size=60))
def test_the_verdict_is_a_dictionarys(told: list[tuple[str, str, bytes, int]]) -> None:
    person, known = Person(), dict[tuple[str, str], bytes]()
    for source, event_id, content, time_us in told:
        name = source, event_id
        expected = "new"
        if name in known:
            expected = "repeat" if known[name] == content else "conflict"
        assert tell(person, event_key(*name), content, time_us) == expected
        known.setdefault(name, content)
        person = unpack(pack(person))
    times = [int.from_bytes(person.entries[at : at + 8], "little") for at in _places(person)]
    assert times == sorted(times)


def _places(person: Person) -> range:
    return range(0, len(person.entries), 20)


def test_the_earliest_makes_room_and_what_is_as_old_may_be_a_repeat() -> None:
    person = Person()
    for number in range(REMEMBERED_MAX + 1):
        assert tell(person, event_key("s", f"e{number}"), b"", 100 + number) == "new"
    assert len(_places(person)) == REMEMBERED_MAX
    assert person.forgotten_us == 100
    assert tell(person, event_key("s", "e0"), b"", 100) == "forgotten"
    assert tell(person, event_key("s", "unseen"), b"", 100) == "forgotten"
    assert tell(person, event_key("s", "e1"), b"", 101) == "repeat"
    assert tell(person, event_key("s", "e1"), b"other", 101) == "conflict"
    assert tell(person, event_key("s", "unseen"), b"", 101) == "new"  # later than what was dropped


def test_one_event_far_ahead_does_not_make_the_others_forgotten() -> None:
    person = Person()
    assert tell(person, event_key("s", "ahead"), b"", 10**15) == "new"
    for number in range(3 * REMEMBERED_MAX):
        assert tell(person, event_key("s", f"e{number}"), b"", number) == "new"
    assert tell(person, event_key("s", "ahead"), b"", 10**15) == "repeat"


@pytest.mark.parametrize("order", ["in order", "backwards", "shuffled"])
def test_none_of_2000_events_is_passed_on_twice(order: str) -> None:
    told = [(event_key("s", f"e{number}"), number) for number in range(2000)]
    if order == "backwards":
        told.reverse()
    elif order == "shuffled":
        random.Random(7).shuffle(told)
    person = Person()
    first = Counter(tell(person, key, b"", time) for key, time in told)
    again = Counter(tell(person, key, b"", time) for key, time in told)
    assert first["new"] + first["forgotten"] == 2000
    assert again["new"] == 0
    assert again["repeat"] == REMEMBERED_MAX
    assert first["forgotten"] == (0 if order == "in order" else first["forgotten"])
    assert first["new"] >= REMEMBERED_MAX


def test_a_record_of_another_format_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match=r"format 7b, this version reads 03; .*flowdrop reset"):
        unpack(b"{12 bytes of the first kind")


@given(st.integers(1, 64), st.integers(0, 300))
def test_numbers_are_dense_and_no_two_partitions_give_the_same(partitions: int, each: int) -> None:
    given_ = []
    for partition in range(partitions):
        numbers = Numbers(None, partition, partitions)
        given_ += [numbers.next() for _ in range(each)]
        again = Numbers(numbers.record(), partition, partitions)
        assert again.count == each
    assert sorted(given_) == list(range(partitions, partitions * (each + 1)))


def test_a_partition_whose_numbers_are_at_an_end_says_so() -> None:
    numbers = Numbers(((NUMBER_END // 8) - 2).to_bytes(4, "little"), 7, 8)
    assert numbers.next() == NUMBER_END - 1
    with pytest.raises(OverflowError, match="partition 7 has 536,870,911 people"):
        numbers.next()


def test_a_record_keeps_the_number() -> None:
    assert unpack(pack(Person(number=NUMBER_END - 1))).number == NUMBER_END - 1
