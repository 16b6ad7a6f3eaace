"""The bare wallet job: parse an event, check it, fold it into a balance, say what came of it.

Every Python engine but flowdrop itself runs this fold, so that what differs is the engine. It needs
nothing but msgspec, since some engines run in an environment of their own.
"""

from __future__ import annotations

import struct
from typing import Annotated

import msgspec

EARN = "flowdrop.wallet.earn"
COINS_MAX = 10**15

_PACKED = struct.Struct("<Bq")  # version of the format, balance
_VERSION = 1


class Data(msgspec.Struct, gc=False):
    """What the bare job reads of an event's `data`."""

    amount: Annotated[int, msgspec.Meta(ge=1, le=COINS_MAX)]


class Event(msgspec.Struct, gc=False):
    """What the bare job reads of an event."""

    id: str
    type: str
    subject: str
    data: Data


class Result(msgspec.Struct, gc=False):
    """What came of an event; `balance` is the account's after it."""

    id: str
    account: str
    outcome: str
    balance: int


decode_event = msgspec.json.Decoder(Event).decode
encode_result = msgspec.json.Encoder().encode
decode_result = msgspec.json.Decoder(Result).decode


def fold(balance: int, event: Event) -> Result:
    """Return what comes of `event` on an account with `balance` coins; any type but earn takes."""
    amount = event.data.amount
    if event.type == EARN:
        return Result(event.id, event.subject, "applied", balance + amount)
    if amount > balance:
        return Result(event.id, event.subject, "refused", balance)
    return Result(event.id, event.subject, "applied", balance - amount)


def pack(balance: int) -> bytes:
    """Return the state's record: a version byte, then the balance."""
    return _PACKED.pack(_VERSION, balance)


def unpack(record: bytes) -> int:
    """Return the balance in a record that `pack` wrote."""
    balance: int = _PACKED.unpack(record)[1]
    return balance
