"""The events an account remembers: 21 bytes each, in the order they came.

An entry is the id's 64-bit hash, 32 bits of the content's, the time and what became of it. "The
same content" means an equal decoded event: the order of JSON keys, white space, the offset in which
a time is written and extension attributes (a trace id) make no difference.

Entries older than the window are dropped from the front; when `RECENT_MAX` are left, the first
makes room, and if it was applied its time is kept as `forgotten_us`: what is not later than that
and not remembered is refused, since it might be a repeat. That a wrong entry at the front can hold
up those behind it costs memory, never a coin, and no event costs more than its own entry.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from xxhash import xxh3_64_digest, xxh3_64_intdigest

from streams.events import OPERATION
from streams.ledger.refusals import APPLIED_CODES

if TYPE_CHECKING:
    from streams.events import WalletEvent
    from streams.ledger.accounts import Account

RECENT_MAX = 256

_ENTRY = struct.Struct("<8sIqB")
_SIZE = _ENTRY.size
BYTES_MAX = RECENT_MAX * _SIZE
TIME_AT = 12
_CODE_AT = 20
pack_entry = _ENTRY.pack
unpack_time = struct.Struct("<q").unpack_from
_encode = msgspec.msgpack.Encoder().encode


class Entry(NamedTuple):
    """One remembered event: hash of its id, of its content, microseconds, code of the reason."""

    key: bytes
    content: int
    time_us: int
    code: int


def key_of(event_id: str) -> bytes:
    """Return the 64-bit hash by which an event id is remembered."""
    return xxh3_64_digest(event_id.encode())


def digest_of(event: WalletEvent, time_us: int) -> int:
    """Return the 32-bit hash of an event's content, the same for every spelling of it.

    Without id and subject: it is compared only where these are the same.
    """
    content = (OPERATION[type(event)], event.source, time_us, event.data)
    return xxh3_64_intdigest(_encode(content)) & 0xFFFFFFFF


def find(recent: bytes, key: bytes) -> int:
    """Return where the entry of `key` begins, -1 when it is not remembered."""
    at = recent.find(key)
    while at > 0 and at % _SIZE:  # found across two entries
        at = recent.find(key, at + 1)
    return at


def entry_at(recent: bytes, at: int) -> Entry:
    """Return the entry that begins at `at`."""
    return Entry._make(_ENTRY.unpack_from(recent, at))


def entries(recent: bytes) -> list[Entry]:
    """Return all entries, in the order they came."""
    return [Entry._make(row) for row in _ENTRY.iter_unpack(recent)]


def remember(
    account: Account, key: bytes, content: int, time_us: int, code: int, horizon_us: int
) -> None:
    """Have `account` remember one more event, and forget what is before `horizon_us`."""
    recent = account.recent
    if recent and (len(recent) >= BYTES_MAX or unpack_time(recent, TIME_AT)[0] < horizon_us):
        recent = made_room(account, horizon_us)
    account.recent = recent + pack_entry(key, content, time_us, code)


def mark(account: Account, at: int, code: int) -> None:
    """Change what became of the event whose entry begins at `at`."""
    recent, at = account.recent, at + _CODE_AT
    account.recent = recent[:at] + bytes((code,)) + recent[at + 1 :]


def made_room(account: Account, horizon_us: int) -> bytes:
    """Return what `account` remembers without what is too old, and with room for one more."""
    recent = account.recent
    start, end = 0, len(recent)
    while start < end and unpack_time(recent, start + TIME_AT)[0] < horizon_us:
        start += _SIZE
    if end - start >= BYTES_MAX:
        # A refusal that goes is judged anew, which can apply nothing twice.
        if recent[start + _CODE_AT] in APPLIED_CODES:
            lost_us = unpack_time(recent, start + TIME_AT)[0]
            account.forgotten_us = max(account.forgotten_us, lost_us)
        start += _SIZE
    return recent[start:]
