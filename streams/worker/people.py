"""What the campaign agent remembers of a person: a number, the latest events, what it forgot.

A record is its format (1 byte), `forgotten_us` (8), the person's number (4) and the remembered
events in the order of their times, 20 bytes each: the time, the event's key and a hash of its
content. When `REMEMBERED_MAX` are
remembered the earliest makes room, and its time is kept as `forgotten_us`: an event that is not
later than that and not remembered might be a repeat, so it is set aside, never passed on.

The earliest goes, not the first that came, so that one event with a time far ahead can't make
those that follow seem forgotten.
"""

from __future__ import annotations

import struct
from bisect import bisect_right

import msgspec
from xxhash import xxh3_64_intdigest

NUMBER_END = 2**32
REMEMBERED_MAX = 512  # events per person
FORMAT = b"\x03"
NUMBERS_KEY = b"\x00numbers"  # of the partition's own record: how many people have a number
_HEAD = struct.Struct("<cqI")
_COUNT = struct.Struct("<I")
_ENTRY = struct.Struct("<q8sI")
_SIZE = _ENTRY.size
_KEY = slice(8, 16)
_CONTENT_AT = 16


class Person(msgspec.Struct):
    """What is remembered of one person.

    Attributes:
        entries: the remembered events, packed, in the order of their times.
        forgotten_us: the latest time (microseconds since 1970) of an event that made room for
            another; -1 while none has.
        number: what ClickHouse counts the person by; 0 while there is none.
    """

    entries: bytes = b""
    forgotten_us: int = -1
    number: int = 0

    def verdict(self, key: bytes, content: bytes, time_us: int) -> str:
        """Judge an event against those before it.

        Args:
            key: `event_key` of its source and id.
            content: all that it says.
            time_us: its time, microseconds since 1970.

        Returns:
            `new`, `repeat` (same name, same content), `conflict` (same name, other content) or
            `forgotten` (as old as what is no longer remembered, so perhaps a repeat).
        """
        at = self._find(key)
        if at < 0:
            return "new" if time_us > self.forgotten_us else "forgotten"
        _, _, known = _ENTRY.unpack_from(self.entries, at)
        return "repeat" if known == _digest(content) else "conflict"

    def remember(self, key: bytes, content: bytes, time_us: int) -> None:
        """Remember one more event; when there are too many, forget the earliest."""
        entries = self.entries
        entry = _ENTRY.pack(time_us, key, _digest(content))
        at = len(entries)
        if at and _ENTRY.unpack_from(entries, at - _SIZE)[0] > time_us:  # not in order: rare
            times = [row[0] for row in _ENTRY.iter_unpack(entries)]
            at = bisect_right(times, time_us) * _SIZE
        entries = entries[:at] + entry + entries[at:]
        if len(entries) > REMEMBERED_MAX * _SIZE:
            self.forgotten_us = max(self.forgotten_us, _ENTRY.unpack_from(entries)[0])
            entries = entries[_SIZE:]
        self.entries = entries

    def _find(self, key: bytes) -> int:
        """Return where the entry of `key` begins, -1 when it is not remembered."""
        found = self.entries.find(key)
        while found >= 0 and found % _SIZE != _KEY.start:  # across two fields
            found = self.entries.find(key, found + 1)
        return found - _KEY.start if found >= 0 else -1


def pack(person: Person) -> bytes:
    """Return the record of a person as the table keeps it."""
    return _HEAD.pack(FORMAT, person.forgotten_us, person.number) + person.entries


def unpack(record: bytes | None) -> Person:
    """Return what `pack` wrote, or what is remembered of a person who is new.

    Raises:
        ValueError: when the first byte names a format this version does not know.
    """
    if record is None:
        return Person()
    if record[:1] != FORMAT:
        raise ValueError(
            f"a person's record of format {record[:1].hex() or 'none'}, this version reads "
            f"{FORMAT.hex()}; start over with `flowdrop reset`"
        )
    _, forgotten_us, number = _HEAD.unpack_from(record)
    return Person(record[_HEAD.size :], forgotten_us, number)


class Numbers:
    """Gives people their numbers, small and dense, so that ClickHouse counts them in bitmaps.

    The n-th person of a partition gets n x partitions + partition, which no other partition gives.
    Numbers follow from the order of the partition's log alone: the same log gives the same ones.

    Attributes:
        count: how many the partition has given.
    """

    def __init__(self, record: bytes | None, partition: int, partitions: int) -> None:
        self.count = 0 if record is None else _COUNT.unpack(record)[0]
        self._partition = partition
        self._partitions = partitions

    def next(self) -> int:
        """Return the number of one more person, from `partitions` to 2**32 - 1.

        Raises:
            OverflowError: when the partition has no more; 32 bits are enough for 4 billion people.
        """
        number = (self.count + 1) * self._partitions + self._partition
        if number >= NUMBER_END:
            raise OverflowError(
                f"partition {self._partition} has {self.count:,} people; numbers end at 2**32"
            )
        self.count += 1
        return number

    def record(self) -> bytes:
        """Return what the table keeps under `NUMBERS_KEY`."""
        return _COUNT.pack(self.count)


def _digest(content: bytes) -> int:
    return xxh3_64_intdigest(content) & 0xFFFFFFFF
