r"""What names an event: its source and its id together, within its subject.

What is kept of an event is kept under `event_key`, in accounts, chains and the campaign agent's
memory. ClickHouse computes the same with `xxh3(concat(source, '\n', id))`; a test on the real
engine checks that the two agree.
"""

from __future__ import annotations

from xxhash import xxh3_64_digest


def event_key(source: str, event_id: str) -> bytes:
    """Return the 64-bit hash by which an event is remembered.

    Neither name holds a line break (`streams/events/decoding.py` lets none in), so no two pairs
    are one text.
    """
    return xxh3_64_digest(f"{source}\n{event_id}".encode())


def text_hash(text: str) -> bytes:
    """Return a 64-bit hash of a text that names no event: a packet's code, what is given once."""
    return xxh3_64_digest(text.encode())
