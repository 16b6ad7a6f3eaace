"""The events an account remembers: 21 bytes each, in the order they came.

An entry is the id's 64-bit hash, 32 bits of the content's, the time and what became of it. "The
same content" means an equal decoded event: the order of JSON keys, white space, the offset in which
a time is written and extension attributes (a trace id) make no difference.

Entries older than the window are dropped; when more than `RECENT_MAX` are left, the first goes, and
if it was applied its time is kept as `forgotten_us`: what is not later than that and not remembered
is refused, since it might be a repeat.
"""

from __future__ import annotations

import struct
import zlib
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from streams.events import WalletEvent

RECENT_MAX = 256

_ENTRY = struct.Struct("<8s4sqB")
_SIZE = _ENTRY.size
_BYTES_MAX = RECENT_MAX * _SIZE
_TIME_AT = 12
_pack = _ENTRY.pack
_unpack_time = struct.Struct("<q").unpack_from
_encode = msgspec.msgpack.Encoder().encode


class Entry(NamedTuple):
    """One remembered event: hash of its id, of its content, microseconds, code of the reason."""

    key: bytes
    content: bytes
    time_us: int
    code: int


def key_of(event_id: str) -> bytes:
    """Return the 64-bit hash by which an event id is remembered."""
    return blake2b(event_id.encode(), digest_size=8).digest()


def digest_of(event: WalletEvent) -> bytes:
    """Return the 32-bit hash of an event's content, the same for every spelling of it."""
    return zlib.crc32(_encode(event)).to_bytes(4, "little")


def find(recent: bytes, key: bytes) -> Entry | None:
    """Return the entry of `key`, None when it is not remembered."""
    at = recent.find(key)
    while at > 0 and at % _SIZE:
        at = recent.find(key, at + 1)
    return None if at < 0 else Entry._make(_ENTRY.unpack_from(recent, at))


def entries(recent: bytes) -> list[Entry]:
    """Return all entries, in the order they came."""
    return [Entry._make(row) for row in _ENTRY.iter_unpack(recent)]


def remember(recent: bytes, key: bytes, content: bytes, time_us: int, code: int) -> bytes:
    """Return `recent` with one more entry."""
    return recent + _pack(key, content, time_us, code)


def forget(recent: bytes, horizon_us: int) -> tuple[bytes, int]:
    """Make room for one more: drop what is before `horizon_us`, or the first of too many.

    It looks behind the front only when the memory is full: a refusal moves no clock, so its time
    may be years ahead of the others', and then it would hold up all that stand behind it.

    Returns:
        The entries that stay, and the time of an applied one that had to go before it was too old
        (0 when none had). A refusal that had to go is judged anew, which can apply nothing twice.
    """
    start = 0
    end = len(recent)
    while start < end and _unpack_time(recent, start + _TIME_AT)[0] < horizon_us:
        start += _SIZE
    if end - start < _BYTES_MAX:
        return (recent[start:] if start else recent), 0
    kept = [row for row in _ENTRY.iter_unpack(recent[start:]) if row[2] >= horizon_us]
    dropped_us = 0
    if len(kept) >= RECENT_MAX:
        _, _, time_us, code = kept.pop(0)
        dropped_us = 0 if code else time_us
    return b"".join(_pack(*row) for row in kept), dropped_us
