"""The events an account remembers: 22 bytes each, in the order they came.

An entry is the 64-bit hash of the event's name, its source and id; 32 bits of its content's hash;
the time and what became of it; and what undoing it takes that neither the event nor its content
says: the coins that it gave, where the rules said how many, and whether it counts against a limit.
"The same content" means an equal decoded event: the order of JSON keys, white space, the offset in
which a time is written and extension attributes (a trace id) make no difference.

What undoing takes is one number: coins times two, plus one if it counts. It has 16 bits; a greater
one (the rules gave 32,767 coins or more) is stored in a second entry behind its own, in place of
the hash.

Entries older than the window are dropped from the front; when `RECENT_MAX` are left, the first
makes room, and if it was applied its time is kept as `forgotten_us`: an event that is not later
than that and not remembered is refused, since it might be a repeat. A wrong entry at the front may
hold up those behind it: that costs memory, never a coin, and no event costs more than its own
entry.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from xxhash import xxh3_64_intdigest

from streams.ledger.refusals import APPLIED_CODES

if TYPE_CHECKING:
    from streams.ledger.accounts import Account

RECENT_MAX = 256

# Hash of the event's name, of its content, time and code as one number, what undoing takes.
_ENTRY = struct.Struct("<8sIqH")
_SIZE = _ENTRY.size
BYTES_MAX = RECENT_MAX * _SIZE
_TIME_AT = _CODE_AT = 12
_CODE_BITS = 8  # the lowest of the number, and so its first byte
BEHIND = 0xFFFF  # what undoing takes stands in the entry behind
COUNTED = 1  # an event counts against a limit
pack_entry = _ENTRY.pack
_unpack_time = struct.Struct("<q").unpack_from
_encode = msgspec.msgpack.Encoder().encode


class Entry(NamedTuple):
    """One remembered event.

    Attributes:
        key: its `event_key`.
        content: hash of its content.
        time_us: its time, microseconds since 1970.
        code: the reason's, or what became of it since.
        undo: what undoing it takes, see above.
    """

    key: bytes
    content: int
    time_us: int
    code: int
    undo: int = 0

    @property
    def coins(self) -> int:
        """What it gave, where the rules said how many; else 0."""
        return self.undo >> 1

    @property
    def is_counted(self) -> bool:
        """Whether it counts against a limit of its account."""
        return bool(self.undo & COUNTED)


def digest_of(operation: str, time_us: int, data: object) -> int:
    """Return the 32-bit hash of an event's content, the same however it is spelled.

    Without source, id and subject: it is compared only where these are the same.
    """
    return xxh3_64_intdigest(_encode((operation, time_us, data))) & 0xFFFFFFFF


def find(recent: bytes, key: bytes) -> int:
    """Return where the entry of `key` begins, -1 when it is not remembered."""
    at = recent.find(key)
    while at > 0 and at % _SIZE:  # found across two entries
        at = recent.find(key, at + 1)
    return at


def entry_at(recent: bytes, at: int) -> Entry:
    """Return the entry that begins at `at`."""
    key, content, time, undo = _ENTRY.unpack_from(recent, at)
    if undo == BEHIND:
        undo = int.from_bytes(recent[at + _SIZE : at + _SIZE + 8], "little")
    return Entry(key, content, time >> _CODE_BITS, time & 0xFF, undo)


def entries(recent: bytes) -> list[Entry]:
    """Return all entries, in the order they came; one behind another counts as one."""
    return [entry_at(recent, at) for at in range(0, len(recent), _SIZE)]


def remember(
    account: Account,
    key: bytes,
    content: int,
    time_us: int,
    code: int,
    horizon_us: int,
    undo: int = 0,
) -> None:
    """Have `account` remember one more event, and forget what is before `horizon_us`."""
    recent = account.recent
    if undo >= BEHIND:
        recent = _made_room(account, horizon_us, 2 * _SIZE)
        behind = pack_entry(undo.to_bytes(8, "little"), 0, time_us << _CODE_BITS, 0)
        recent += pack_entry(key, content, time_us << _CODE_BITS | code, BEHIND)
        account.recent = recent + behind
        return
    if recent and (
        len(recent) >= BYTES_MAX or _unpack_time(recent, _TIME_AT)[0] < horizon_us << _CODE_BITS
    ):
        recent = _made_room(account, horizon_us, _SIZE)
    account.recent = recent + pack_entry(key, content, time_us << _CODE_BITS | code, undo)


def mark(account: Account, at: int, code: int) -> None:
    """Change what became of the event whose entry begins at `at`."""
    recent, at = account.recent, at + _CODE_AT
    account.recent = recent[:at] + bytes((code,)) + recent[at + 1 :]


def _made_room(account: Account, horizon_us: int, size: int) -> bytes:
    """Return what `account` remembers without what is too old, and with room for `size` bytes."""
    recent = account.recent
    start, end = 0, len(recent)
    while start < end and _unpack_time(recent, start + _TIME_AT)[0] >> _CODE_BITS < horizon_us:
        start += _SIZE
    while end - start + size > BYTES_MAX:
        # A dropped refusal is judged again, which can apply nothing twice.
        time = _unpack_time(recent, start + _TIME_AT)[0]
        if time & 0xFF in APPLIED_CODES:
            account.forgotten_us = max(account.forgotten_us, time >> _CODE_BITS)
        start += _SIZE
    return recent[start:]
