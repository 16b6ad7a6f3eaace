"""What the campaign agent remembers of a person: the ids of recent events, and their content."""

from __future__ import annotations

from hashlib import blake2b

REMEMBERED_MAX = 512  # events a person; older ids are judged by the warehouse alone
_ENTRY = 12  # 8 bytes of the id's hash, 4 of the content's


def entry_of(event_id: str, content: bytes) -> bytes:
    """Return the 12 bytes that stand for an event: a hash of its id, and one of its content."""
    return (
        blake2b(event_id.encode(), digest_size=8).digest()
        + blake2b(content, digest_size=4).digest()
    )


def verdict(remembered: bytes, entry: bytes) -> str:
    """Return `new`, `repeat` (same id, same content) or `conflict` (same id, other content)."""
    at = remembered.find(entry[:8])
    while at >= 0 and at % _ENTRY:
        at = remembered.find(entry[:8], at + 1)
    if at < 0:
        return "new"
    return "repeat" if remembered[at : at + _ENTRY] == entry else "conflict"


def remember(remembered: bytes, entry: bytes) -> bytes:
    """Return the record with `entry` added, and the oldest dropped beyond the limit."""
    return (remembered + entry)[-REMEMBERED_MAX * _ENTRY :]
