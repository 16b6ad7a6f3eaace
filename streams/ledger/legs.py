"""Legs: what an event does on another partition, signed by the ledger.

A leg stands in the other partition's own log, appended by the transaction that made it. The legs of
a program from one partition to another are numbered 1, 2, 3, ... without gaps, and arrive in that
order. The clearing account keeps how many have gone to each partition and come from each, so that
every repeat is recognised, however late, without a window, and one that skips ahead moves nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from streams.events import Correction, Leg, Reverse
from streams.ledger.signing import is_signed, signature_of

if TYPE_CHECKING:
    from streams.events import WalletEvent

UNSIGNED = "0" * 64


def sign(leg: Leg, secret: bytes) -> Leg:
    """Return the leg with its signature."""
    data = msgspec.structs.replace(leg.data, signature=signature_of(_content(leg), secret))
    return msgspec.structs.replace(leg, data=data)


def is_genuine(leg: Leg, secret: bytes) -> bool:
    """Return whether the ledger that knows `secret` signed the leg as it stands."""
    return is_signed(_content(leg), leg.data.signature, secret)


def _content(leg: Leg) -> tuple[object, ...]:
    data = leg.data
    return (
        *(leg.id, leg.source, leg.time, leg.subject),
        *(data.program, data.step, data.payer, data.amount, data.cause, data.cause_source),
        *(data.campaign, data.asker, data.reason, data.partition, data.offset, data.number),
        *(data.sequence, data.key),
    )


def arrived_from(terms: bytes, origin: int) -> int:
    """Return how many legs have come from partition `origin`, by a clearing account's terms."""
    return int.from_bytes(terms[16 * origin : 16 * origin + 8], "little")


def sent_to(terms: bytes, home: int) -> int:
    """Return how many legs have gone to partition `home`, by a clearing account's terms."""
    return int.from_bytes(terms[16 * home + 8 : 16 * home + 16], "little")


def with_arrived(terms: bytes, origin: int, count: int) -> bytes:
    """Return `terms` after `count` legs have come from partition `origin`."""
    return _with(terms, 16 * origin, count)


def with_sent(terms: bytes, home: int, count: int) -> bytes:
    """Return `terms` after `count` legs have gone to partition `home`."""
    return _with(terms, 16 * home + 8, count)


def _with(terms: bytes, start: int, count: int) -> bytes:
    if len(terms) < start:
        terms = terms.ljust(start, b"\0")
    return terms[:start] + count.to_bytes(8, "little") + terms[start + 8 :]


def cause_of(event: WalletEvent) -> tuple[str, str]:
    """Return source and id of the event that a leg made by `event` belongs to.

    A leg made by a leg, or by a correction of one, belongs to what began that one; one that takes
    back belongs to what it takes back.
    """
    if isinstance(event, Leg):
        return event.data.cause_source, event.data.cause
    if isinstance(event, Correction):
        return event.data.leg.data.cause_source, event.data.leg.data.cause
    named = event.data.original if isinstance(event, Reverse) else event
    return named.source, named.id
