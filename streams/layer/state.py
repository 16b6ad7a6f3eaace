"""The state of one partition: what is committed, and what is waiting to be."""

from __future__ import annotations

import struct
import time
from itertools import repeat
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from faust.types import EventT

Check: TypeAlias = "Callable[[bytes, bytes], None]"
Headers: TypeAlias = list[tuple[str, str | bytes | None]]

APPLIED_KEY = b"\x00applied"
_APPLIED = struct.Struct("<BqQ")  # version of the format, next offset, event time in ms
_APPLIED_VERSION = 1


class ChangelogError(Exception):
    """A changelog that this version can't read; names the topic's partition and the reason."""


def accept(key: bytes, value: bytes) -> None:
    """Take every record of a changelog as readable."""


class Record(NamedTuple):
    """A record to produce."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers | None


class Pending:
    """What one transaction will hold: records, changed state, and the offset it brings us to.

    `produced` has a plain tuple per record, in the order of `Producer.produce`'s arguments: it
    takes a third of the time of a named one, which matters with a record for every event.
    """

    __slots__ = (
        "began_s",
        "changes",
        "events",
        "next_offset",
        "produced",
        "size_bytes",
        "time_ms",
        "topics",
    )

    def __init__(self, next_offset: int, time_ms: int) -> None:
        self.produced: list[tuple[Any, ...]] = []
        self.topics: set[str] = set()  # that `produced` goes to
        self.changes: dict[bytes, bytes | None] = {}
        self.events: list[EventT] = []
        self.next_offset = next_offset
        self.time_ms = time_ms
        self.size_bytes = 0
        self.began_s = time.monotonic()

    @property
    def records(self) -> list[Record]:
        """The records of `produced` by name, for readers."""
        return self._named(self.produced)

    def records_to(self, topic: str) -> list[Record]:
        """Return those of the records that go to `topic`."""
        return self._named(record for record in self.produced if record[0] == topic)

    def values_to(self, topic: str) -> list[bytes]:
        """Return the values of the records that go to `topic`, an empty one where there is none."""
        return [record[1] or b"" for record in self.produced if record[0] == topic]

    def _named(self, produced: Iterable[tuple[Any, ...]]) -> list[Record]:
        return [
            Record(topic, partition, key, value, rest[-1] if rest else None)
            for topic, value, key, partition, *rest in produced
        ]

    def __bool__(self) -> bool:
        return bool(self.events)


class PartitionState:
    """Keys to packed values of one partition.

    A fold reads and writes through `get` and `put`, which see everything folded so far; others
    read `committed`, which holds only what its transactions have committed.
    """

    __slots__ = ("committed", "committed_offset", "committed_time_ms", "flying", "number", "open")

    def __init__(self, number: int) -> None:
        self.number = number
        self.committed: dict[bytes, bytes] = {}
        self.committed_offset = 0
        self.committed_time_ms = 0
        self.flying: Pending | None = None
        self.open = Pending(0, 0)

    @property
    def next_offset(self) -> int:
        """The first source offset that is not folded yet."""
        return self.open.next_offset

    def get(self, key: bytes) -> bytes | None:
        """Return the packed value of `key` as folded so far, or `None`."""
        changes = self.open.changes
        if key in changes:
            return changes[key]
        if self.flying is not None and key in self.flying.changes:
            return self.flying.changes[key]
        return self.committed.get(key)

    def put(self, key: bytes, value: bytes | None) -> None:
        """Set `key`, or delete it with `None`.

        Raises:
            ValueError: for the key of the partition record, which only a transaction writes.
        """
        if key == APPLIED_KEY:
            raise ValueError(f"key {key!r} is the partition record's own")
        self.open.changes[key] = value

    def put_all(self, values: Mapping[bytes, bytes | None]) -> None:
        """Set or delete each key, as `put` would.

        Raises:
            ValueError: for the key of the partition record, which only a transaction writes.
        """
        if APPLIED_KEY in values:
            raise ValueError(f"key {APPLIED_KEY!r} is the partition record's own")
        self.open.changes.update(values)

    def emit(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: Headers | None = None,
    ) -> None:
        """Send a record in the same transaction."""
        pending = self.open
        pending.topics.add(topic)
        pending.produced.append(
            (topic, value, key, partition)
            if headers is None
            else (topic, value, key, partition, None, None, 0, headers)
        )
        if value is not None:
            pending.size_bytes += len(value)

    def emit_all(
        self, topic: str, partition: int, keys: Sequence[bytes | None], values: Sequence[bytes]
    ) -> None:
        """Send records of one partition in the same transaction, as `emit` would one by one."""
        pending = self.open
        pending.topics.add(topic)
        pending.produced += zip(repeat(topic), values, keys, repeat(partition))
        pending.size_bytes += sum(map(len, values))

    def folded(self, event: EventT, end: int, time_ms: int) -> None:
        """Note that the source is folded up to `end`; `event` is acked once that is committed."""
        pending = self.open
        if not pending.events:
            pending.began_s = time.monotonic()
        pending.next_offset = end
        pending.time_ms = max(pending.time_ms, time_ms)
        pending.events.append(event)

    def take(self) -> Pending:
        """Close the open transaction's content for committing and open the next."""
        self.flying = self.open
        self.open = Pending(self.flying.next_offset, self.flying.time_ms)
        return self.flying

    def settle(self) -> list[EventT]:
        """Make what was flying the committed state; return the events to ack."""
        done = self.flying
        assert done is not None
        for key, value in done.changes.items():
            if value is None:
                self.committed.pop(key, None)
            else:
                self.committed[key] = value
        self.committed_offset = done.next_offset
        self.committed_time_ms = done.time_ms
        self.flying = None
        return done.events

    def restore(
        self, records: Iterable[tuple[int, bytes | None, bytes | None]], check: Check = accept
    ) -> None:
        """Apply records of the changelog, in order.

        Raises:
            ChangelogError: for a record without a key, one that `check` refuses with a
                `ValueError`, or a partition record of another version.
        """
        for offset, key, value in records:
            if key is None:
                raise ChangelogError(f"partition {self.number} offset {offset}: no key")
            if key == APPLIED_KEY:
                self._restore_applied(offset, value)
            elif value is None:
                self.committed.pop(key, None)
            else:
                if check is not accept:
                    self._check(check, offset, key, value)
                self.committed[key] = value

    def _check(self, check: Check, offset: int, key: bytes, value: bytes) -> None:
        try:
            check(key, value)
        except ValueError as error:
            raise ChangelogError(f"partition {self.number} offset {offset}: {error}") from error

    def _restore_applied(self, offset: int, value: bytes | None) -> None:
        if value is None or len(value) != _APPLIED.size or value[0] != _APPLIED_VERSION:
            raise ChangelogError(
                f"partition {self.number} offset {offset}: partition record {value!r} is not of "
                f"version {_APPLIED_VERSION}; run the flowdrop version that wrote it"
            )
        _, self.committed_offset, self.committed_time_ms = _APPLIED.unpack(value)
        self.open = Pending(self.committed_offset, self.committed_time_ms)


def applied_record(pending: Pending) -> bytes:
    """Return the partition record: the source offset at which to resume, and its time."""
    return _APPLIED.pack(_APPLIED_VERSION, pending.next_offset, pending.time_ms)
