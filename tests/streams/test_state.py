"""What a partition's state shows while its transactions come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.layer.batch import Batch
from streams.layer.state import APPLIED_KEY, ChangelogError, PartitionState, applied_record

if TYPE_CHECKING:
    from faust.types import EventT


class Event:
    """Stands for a stream event; the state only keeps it."""


def fold(state: PartitionState, end: int, **changes: bytes | None) -> EventT:
    event = Event()
    for key, value in changes.items():
        state.put(key.encode(), value)
    state.folded(event, end, 1000 + end)  # type: ignore[arg-type]
    return event  # type: ignore[return-value]


def test_a_fold_sees_its_own_changes_before_they_are_committed() -> None:
    state = PartitionState(0)
    fold(state, 5, a=b"1")
    assert state.get(b"a") == b"1"
    assert state.committed == {}
    state.take()
    assert state.get(b"a") == b"1"
    assert state.committed == {}, "what is in flight may still be aborted"
    state.settle()
    assert state.committed == {b"a": b"1"}


def test_what_is_folded_while_a_transaction_flies_belongs_to_the_next() -> None:
    state = PartitionState(0)
    first = fold(state, 5, a=b"1")
    flying = state.take()
    second = fold(state, 9, a=b"2", b=b"3")
    assert state.get(b"a") == b"2"
    assert flying.changes == {b"a": b"1"}
    assert state.settle() == [first]
    assert (state.committed, state.committed_offset) == ({b"a": b"1"}, 5)
    assert state.next_offset == 9
    state.take()
    assert state.settle() == [second]
    assert state.committed == {b"a": b"2", b"b": b"3"}


def test_a_deleted_key_is_gone_at_once_and_for_good() -> None:
    state = PartitionState(0)
    fold(state, 1, a=b"1")
    state.take()
    state.settle()
    fold(state, 2, a=None)
    assert state.get(b"a") is None
    state.take()
    assert state.get(b"a") is None
    state.settle()
    assert state.committed == {}


def test_the_changelog_brings_the_state_and_its_place_back() -> None:
    state = PartitionState(3)
    fold(state, 7, a=b"1", b=b"2")
    pending = state.take()
    records = [(0, b"old", b"x"), *((i, k, v) for i, (k, v) in enumerate(pending.changes.items()))]
    again = PartitionState(3)
    again.restore([*records, (8, APPLIED_KEY, applied_record(pending)), (9, b"old", None)])
    assert again.committed == {b"a": b"1", b"b": b"2"}
    assert again.next_offset == again.committed_offset == 7
    assert again.committed_time_ms == 1007


@pytest.mark.parametrize("value", [None, b"", b"\x02" + bytes(16), bytes(17)])
def test_a_partition_record_of_another_version_is_refused_in_words(value: bytes | None) -> None:
    with pytest.raises(ChangelogError, match="partition 3 offset 8: partition record"):
        PartitionState(3).restore([(8, APPLIED_KEY, value)])


def test_a_changelog_record_without_a_key_is_refused_in_words() -> None:
    with pytest.raises(ChangelogError, match="partition 0 offset 2: no key"):
        PartitionState(0).restore([(2, None, b"x")])


def test_the_partition_record_is_not_a_key_like_others() -> None:
    with pytest.raises(ValueError, match="partition record's own"):
        PartitionState(0).put(APPLIED_KEY, b"x")


def batch() -> Batch:
    """Offsets 10, 12 and 13 of a fetch that covered 10 to 15: 11, 14 and 15 are markers."""
    return Batch(
        topic="t",
        partition=0,
        start=10,
        end=16,
        keys=[b"a", b"b", b"c"],
        values=[b"1", b"2", None],
        offsets=[10, 12, 13],
        timestamps_ms=[1, 2, 3],
        headers=[[], [], []],
        size_bytes=2,
    )


@pytest.mark.parametrize(
    ("offset", "left"), [(9, [10, 12, 13]), (10, [12, 13]), (11, [12, 13]), (12, [13]), (14, [])]
)
def test_a_batch_is_cut_after_what_was_seen(offset: int, left: list[int]) -> None:
    cut = batch().after(offset)
    assert cut.offsets == left
    assert cut.end == 16
    assert cut.start == max(10, offset + 1)
    assert len(cut.keys) == len(cut.values) == len(cut.timestamps_ms) == len(left)
