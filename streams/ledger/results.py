"""The ledger.postings record: what the ledger made of one record of wallet.events.

Its fields are the columns of the table `ledger_results`; times are microseconds since 1970, UTC.
A field at its default is left out of the JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from streams.events import Earn, Fund, Grant, Leg, Open, Redeem, Transfer, operation_of
from streams.ledger.case import NO_POSTINGS, Outcome, Postings

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.events import WalletEvent


class Result(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One record's outcome; see `sql/migrations/002_ledger_results.sql` for each field.

    `amount` is what was moved, or, of what was not applied, what the event asked for (0 when the
    program's rule would have said).
    """

    source_partition: int
    source_offset: int
    event_id: str
    type: str
    subject: str
    program: str
    time: int
    outcome: str
    reason: str = ""
    amount: int = 0
    activity: str = ""
    campaign: str = ""
    carrier: str = ""
    counterparty: str = ""
    spend: int | None = None
    posting: Postings = NO_POSTINGS


# By the event's type: the amount asked for, activity, campaign, carrier, counterparty, spend.
_FACTS: dict[type, Callable[[Any], tuple[int, str, str, str, str, int | None]]] = {
    Open: lambda _: (0, "", "", "", "", None),
    Earn: lambda data: (data.amount or 0, data.activity, "", "", "", data.spend),
    Fund: lambda data: (data.amount, "", data.campaign, "", "", None),
    Grant: lambda data: (data.amount, "", data.campaign, "", "", None),
    Redeem: lambda data: (data.amount, "", "", data.carrier, "", None),
    Transfer: lambda data: (data.amount, "", "", "", data.to, None),
    Leg: lambda data: (data.amount, "", "", "", data.payer, None),
}


def result_of(event: WalletEvent, outcome: Outcome, partition: int, offset: int) -> Result:
    """Return the record for an event at `offset` of `partition` of wallet.events."""
    asked, activity, campaign, carrier, counterparty, spend = _FACTS[type(event)](event.data)
    moved = outcome.postings.amount
    return Result(
        partition,
        offset,
        event.id,
        operation_of(event),
        event.subject,
        event.data.program,
        outcome.time_us,
        outcome.outcome,
        outcome.reason,
        abs(moved[0]) if moved else asked,
        activity,
        campaign,
        carrier,
        counterparty,
        spend,
        outcome.postings,
    )


encode_result = msgspec.json.Encoder().encode
decode_result = msgspec.json.Decoder(Result).decode
