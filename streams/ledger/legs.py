"""Legs: what an event does on another partition, signed by the ledger.

A leg stands in the other partition's own log, appended by the transaction that made it. Legs from
one origin arrive in the order of the records there that made them, so one number an origin, kept on
the clearing account, tells every repeat, however late, without a window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from streams.ledger.accounts import LEGS_MAX
from streams.ledger.signing import is_signed, signature_of

if TYPE_CHECKING:
    from streams.events import Leg

UNSIGNED = "0" * 64


def sign(leg: Leg, secret: bytes) -> Leg:
    """Return the leg with its signature."""
    data = msgspec.structs.replace(leg.data, signature=signature_of(_content(leg), secret))
    return msgspec.structs.replace(leg, data=data)


def is_genuine(leg: Leg, secret: bytes) -> bool:
    """Return whether the ledger that knows `secret` signed the leg, as it is."""
    return is_signed(_content(leg), leg.data.signature, secret)


def _content(leg: Leg) -> tuple[object, ...]:
    data = leg.data
    return (
        *(leg.id, leg.source, leg.time, leg.subject),
        *(data.program, data.step, data.payer, data.amount, data.cause, data.campaign),
        *(data.partition, data.offset, data.number),
    )


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
