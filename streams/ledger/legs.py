"""Legs: what an event does on another partition, signed by the ledger.

A leg stands in the other partition's own log, appended by the transaction that made it. Legs from
one origin arrive in the order of the records there that made them, so one number an origin, kept on
the clearing account, tells every repeat, however late, without a window.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

import msgspec

from streams.ledger.accounts import LEGS_MAX

if TYPE_CHECKING:
    from streams.events import Leg

UNSIGNED = "0" * 64

_encode = msgspec.msgpack.Encoder().encode


def sign(leg: Leg, secret: bytes) -> Leg:
    """Return the leg with its signature."""
    data = msgspec.structs.replace(leg.data, signature=signature_of(leg, secret))
    return msgspec.structs.replace(leg, data=data)


def signature_of(leg: Leg, secret: bytes) -> str:
    """Return the HMAC-SHA256, in hexadecimal, over all of a leg but its signature."""
    data = leg.data
    content = (
        *(leg.id, leg.source, leg.time, leg.subject),
        *(data.program, data.step, data.payer, data.amount, data.cause, data.campaign),
        *(data.partition, data.offset, data.number),
    )
    return hmac.digest(secret, _encode(content), "sha256").hex()


def is_genuine(leg: Leg, secret: bytes) -> bool:
    """Return whether the ledger that knows `secret` signed the leg, as it is."""
    return hmac.compare_digest(leg.data.signature.encode(), signature_of(leg, secret).encode())


def sequence(leg: Leg) -> int:
    """Return the leg's number among all of its origin: each is above those before it."""
    return leg.data.offset * LEGS_MAX + leg.data.number


def next_sequence(arrived: bytes, origin: int) -> int:
    """Return the least sequence that a new leg from partition `origin` may have."""
    return int.from_bytes(arrived[8 * origin : 8 * origin + 8], "little")


def with_arrival(arrived: bytes, origin: int, number: int) -> bytes:
    """Return `arrived` after the leg of sequence `number` of partition `origin`."""
    start = 8 * origin
    before = arrived[:start].ljust(start, b"\0")
    return before + (number + 1).to_bytes(8, "little") + arrived[start + 8 :]
