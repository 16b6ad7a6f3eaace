"""Legs: the credit side of a transfer between partitions, signed by the ledger.

A leg stands in the payee's own log, appended by the transaction that debited the payer. Legs from
one origin arrive in the order of their offsets there, so one number per origin, kept on the
clearing account, tells every repeat, however late, without a window.
"""

from __future__ import annotations

import hmac

import msgspec

from streams.events import Leg, LegData, Transfer

_encode = msgspec.msgpack.Encoder().encode


def leg_of(transfer: Transfer, partition: int, offset: int, secret: bytes) -> Leg:
    """Return the signed leg of a transfer that stands at `offset` of `partition`'s log."""
    unsigned = Leg(
        id=f"leg:{partition}:{offset}",
        source=f"flowdrop/ledger/{partition}",
        time=transfer.time,
        subject=transfer.data.to,
        data=LegData(
            program=transfer.data.program,
            payer=transfer.subject,
            amount=transfer.data.amount,
            transfer=transfer.id,
            partition=partition,
            offset=offset,
            signature="0" * 64,
        ),
    )
    signed = msgspec.structs.replace(unsigned.data, signature=signature_of(unsigned, secret))
    return msgspec.structs.replace(unsigned, data=signed)


def signature_of(leg: Leg, secret: bytes) -> str:
    """Return the HMAC-SHA256, in hexadecimal, over all of a leg but its signature."""
    data = leg.data
    content = (
        *(leg.id, leg.source, leg.time, leg.subject),
        *(data.program, data.payer, data.amount, data.transfer, data.partition, data.offset),
    )
    return hmac.digest(secret, _encode(content), "sha256").hex()


def is_genuine(leg: Leg, secret: bytes) -> bool:
    """Return whether the ledger that knows `secret` signed the leg, as it is."""
    return hmac.compare_digest(leg.data.signature.encode(), signature_of(leg, secret).encode())


def next_offset(arrived: bytes, origin: int) -> int:
    """Return the least offset a new leg from partition `origin` may have."""
    return int.from_bytes(arrived[8 * origin : 8 * origin + 8], "little")


def with_arrival(arrived: bytes, origin: int, offset: int) -> bytes:
    """Return `arrived` after the leg at `offset` of partition `origin`."""
    start = 8 * origin
    before = arrived[:start].ljust(start, b"\0")
    return before + (offset + 1).to_bytes(8, "little") + arrived[start + 8 :]
