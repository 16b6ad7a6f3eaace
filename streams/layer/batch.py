"""One stream event is one `Batch`: what a single fetch brought of one partition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from aiokafka.errors import CorruptRecordException

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.layer.state import Headers

READ_COMMITTED = 1
# One for all records without: a list per record would keep the garbage collector busy.
NO_HEADERS: Headers = []


class Batch(msgspec.Struct, gc=False, eq=False):
    """Records of one partition as parallel lists, and the offsets they cover.

    `start` is the position before the fetch and `end` the position after it: the batch covers
    every offset in `[start, end)`, those of control records, aborted transactions and compacted
    records included, for which it holds no record.
    """

    topic: str
    partition: int
    start: int
    end: int
    keys: list[bytes | None]
    values: list[bytes | None]
    offsets: list[int]
    timestamps_ms: list[int]
    headers: list[Headers]
    size_bytes: int

    def __len__(self) -> int:
        return len(self.offsets)

    def records(self) -> Iterator[tuple[int, bytes | None, bytes | None]]:
        """Iterate over `(offset, key, value)`."""
        return zip(self.offsets, self.keys, self.values, strict=True)

    def after(self, offset: int) -> Batch:
        """Return the part of the batch above `offset`."""
        if offset < self.start:
            return self
        keep = next((i for i, own in enumerate(self.offsets) if own > offset), len(self.offsets))
        return Batch(
            self.topic,
            self.partition,
            offset + 1,
            self.end,
            self.keys[keep:],
            self.values[keep:],
            self.offsets[keep:],
            self.timestamps_ms[keep:],
            self.headers[keep:],
            self.size_bytes,
        )


def drain(topic: str, partition: int, fetched: Any) -> Batch | None:
    """Take all that aiokafka fetched of a partition, whole record batches at a time.

    This bypasses `PartitionRecords.__next__`, one Python object and one generator step per record,
    and so repeats what it does with control batches, aborted transactions and offsets that
    compaction left out; tests/streams/test_contract.py watches the private parts it uses.

    Args:
        topic: the topic's name.
        partition: the partition's number.
        fetched: aiokafka's `FetchResult`; it is exhausted afterwards.

    Returns:
        The batch, without records if only control records or aborted ones came, or `None` if the
        fetch is stale: the partition was lost, paused or sought meanwhile.
    """
    tp = fetched._topic_partition  # noqa: SLF001
    if not fetched.check_assignment(tp) or not fetched.has_more():
        return None
    source = fetched._partition_records  # noqa: SLF001
    start = position = source.next_fetch_offset
    batch = Batch(topic, partition, start, start, [], [], [], [], [], 0)
    add_key, add_value = batch.keys.append, batch.values.append
    add_offset, add_time = batch.offsets.append, batch.timestamps_ms.append
    add_headers = batch.headers.append
    size = 0
    records = source._records  # noqa: SLF001
    while records.has_next():
        wire = records.next_batch()
        if source._check_crcs and not wire.validate_crc():  # noqa: SLF001
            raise CorruptRecordException(f"invalid checksum in {topic} partition {partition}")
        if not _visible(source, wire):
            position = wire.next_offset
            continue
        for record in wire:
            offset = record.offset
            if offset < position:
                continue
            value = record.value
            add_offset(offset)
            add_key(record.key)
            add_value(value)
            add_time(record.timestamp)
            add_headers(record.headers or NO_HEADERS)
            if value is not None:
                size += len(value)
        position = wire.next_offset
    source.next_fetch_offset = position
    fetched._update_position()  # noqa: SLF001
    fetched._partition_records = None  # noqa: SLF001
    batch.end = position
    batch.size_bytes = size + 64 * len(batch.offsets)
    return batch if position > start else None


def _visible(source: Any, wire: Any) -> bool:
    """Return whether a wire batch has records to show; updates aiokafka's aborted writers."""
    if source._isolation_level == READ_COMMITTED and wire.producer_id is not None:  # noqa: SLF001
        source._consume_aborted_up_to(wire.base_offset)  # noqa: SLF001
        aborted = source._aborted_producers  # noqa: SLF001
        if wire.is_control_batch and source._contains_abort_marker(wire):  # noqa: SLF001
            aborted.discard(wire.producer_id)
        if wire.is_transactional and wire.producer_id in aborted:
            return False
    return not wire.is_control_batch
