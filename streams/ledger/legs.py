"""Legs: what an event does on another partition, signed by the ledger.

A leg stands in the other partition's own log, appended by the transaction that made it. Legs from
one origin arrive in the order of the records there that made them, so one number an origin, kept on
the clearing account, tells every repeat, however late, without a window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.events import Leg, LegData
from streams.ledger.accounts import LEGS_MAX
from streams.ledger.signing import is_signed, signature_of

if TYPE_CHECKING:
    from datetime import datetime

    from streams.events import Step


def signed_leg(  # noqa: PLR0913 - all that a leg says
    secret: bytes,
    *,
    time: datetime,
    subject: str,
    program: str,
    step: Step,
    payer: str,
    amount: int,
    cause: str,
    campaign: str,
    origin: tuple[int, int, int],
) -> Leg:
    """Return a leg of the ledger's.

    Args:
        secret: the ledger's key.
        time: that of the record that makes it.
        subject: the account it is for.
        program: whose coins it is about.
        step: what it asks of the other partition.
        payer: who sends it.
        amount: coins.
        cause: id of the event that began it.
        campaign: for whose budget, or ''.
        origin: partition and offset of the record that makes it, and which of that record's legs.
    """
    partition, offset, number = origin
    name, source = f"leg:{partition}:{offset}:{number}", f"flowdrop/ledger/{partition}"
    said = (program, step, payer, amount, cause, campaign, partition, offset, number)
    data = LegData(
        program=program,
        step=step,
        payer=payer,
        amount=amount,
        cause=cause,
        campaign=campaign,
        partition=partition,
        offset=offset,
        number=number,
        signature=signature_of((name, source, time, subject, *said), secret),
    )
    return Leg(id=name, source=source, time=time, subject=subject, data=data)


def is_genuine(leg: Leg, secret: bytes) -> bool:
    """Return whether the ledger that knows `secret` signed the leg, as it is."""
    return is_signed(content_of(leg), leg.data.signature, secret)


def content_of(leg: Leg) -> tuple[object, ...]:
    """Return all that a leg says, which its signature is over."""
    data = leg.data
    return (
        *(leg.id, leg.source, leg.time, leg.subject, data.program, data.step, data.payer),
        *(data.amount, data.cause, data.campaign, data.partition, data.offset, data.number),
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
