"""What the ledger and its operators write to its log themselves, signed."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from streams.events.envelope import (
    ChangeOfKey,
    Data,
    KeyId,
    LedgerName,
    Name,
    Purpose,
    Signature,
    Step,
)
from streams.events.wallet import WalletEvent


class LegData(Data, frozen=True, kw_only=True, rename={"payer": "from"}):
    """A step, on another partition, of what an event began; only the ledger writes and signs it."""

    program: Name
    step: Step
    payer: LedgerName
    amount: Annotated[int, Meta(ge=0, le=10**15)]
    cause: Annotated[
        str, Meta(min_length=1, max_length=200, description="the id of the event that began it")
    ]
    cause_source: Annotated[
        str, Meta(min_length=1, max_length=128, description="that event's source")
    ]
    campaign: Annotated[str, Meta(max_length=128)] = ""
    asker: Annotated[
        str, Meta(max_length=16, description="hash of the name of the event that asks, or asked")
    ] = ""
    reason: Annotated[str, Meta(max_length=64, description="why the answer is no")] = ""
    # Bounded, as every number is: one past 64 bits decodes, but no record could hold it.
    partition: Annotated[
        int, Meta(ge=0, le=1_023, description="partition of the record that made it")
    ]
    offset: Annotated[int, Meta(ge=0, le=2**52 - 1, description="its offset there")]
    number: Annotated[int, Meta(ge=0, lt=2048, description="which of that record's legs")]
    sequence: Annotated[
        int,
        Meta(
            ge=1,
            le=2**52,
            description="number of the program's leg from there to here, without gaps",
        ),
    ]
    key: KeyId
    signature: Signature


class Leg(WalletEvent, frozen=True, tag="flowdrop.wallet.leg"):
    """Coins, or a question, arriving from another partition for the account `subject`."""

    subject: LedgerName
    data: LegData


class RulesData(Data, frozen=True):
    """A program's rules: its file as JSON, with sorted keys; only an operator signs it."""

    program: Name
    rules: Annotated[str, Meta(min_length=2, max_length=50_000)]
    key: KeyId
    signature: Signature


class ProgramRules(WalletEvent, frozen=True, tag="flowdrop.wallet.rules"):
    """A partition judges by these rules from now on; `subject`: `rules:<program>@<partition>`."""

    data: RulesData


class KeyData(Data, frozen=True, kw_only=True):
    """What becomes of a key on a partition; only an operator signs it.

    `introduce`: what it signs is genuine from here on. `use`: the partition signs with it.
    `revoke`: what it signs is refused from here on. `purpose`: of the ledger's legs, or of what
    operators sign.
    """

    program: ClassVar[str] = ""  # a key belongs to no program
    purpose: Purpose
    step: ChangeOfKey
    about: KeyId
    fingerprint: Annotated[
        str, Meta(max_length=16, description="tells a worker that it has the same key")
    ] = ""
    key: KeyId
    signature: Signature


class KeyChange(WalletEvent, frozen=True, tag="flowdrop.wallet.key"):
    """A key is trusted, used or revoked from here on; `subject`: `keys:<purpose>@<partition>`."""

    data: KeyData


class CorrectionData(Data, frozen=True, kw_only=True):
    """A leg that should not have counted, or should have; only an operator signs it.

    `undo`: it was forged, and what it brought is taken back. `deliver`: the ledger sent it, and it
    was refused, since a forged one had come under its number.
    """

    program: Name
    step: Literal["undo", "deliver"]
    leg: Leg
    account: Annotated[str, Meta(max_length=160, description="what an undone leg paid")] = ""
    key: KeyId
    signature: Signature


class Correction(WalletEvent, frozen=True, tag="flowdrop.wallet.correction"):
    """A leg is undone, or delivered; `subject`: `clearing:<program>@<partition>` where it came."""

    data: CorrectionData
