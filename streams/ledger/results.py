"""The ledger.postings record: what the ledger made of one record of wallet.events.

Its fields are the columns of the table `ledger_results`; times are microseconds since 1970, UTC.
A field at its default is left out of the JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

ASKED = "asked"  # what an operation returns that another partition has to answer


class Posting(NamedTuple):
    """What one event did to one account; `balance`, `version` and `pending` are those after it."""

    account: str
    kind: str
    amount: int
    balance: int
    version: int
    pending: int


class Postings(msgspec.Struct, frozen=True, gc=False):
    """The postings of one event as parallel tuples, the shape of ClickHouse's `posting.*`.

    Iterating gives one `Posting` after the other.
    """

    account: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    amount: tuple[int, ...] = ()
    balance: tuple[int, ...] = ()
    version: tuple[int, ...] = ()
    pending: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.account)

    def __iter__(self) -> Iterator[Posting]:
        columns = (getattr(self, name) for name in Postings.__struct_fields__)
        return map(Posting._make, zip(*columns, strict=True))

    def and_then(self, more: Postings) -> Postings:
        """Return these postings followed by `more`."""
        if not self.account:
            return more
        return Postings(
            *(getattr(self, name) + getattr(more, name) for name in Postings.__struct_fields__)
        )


NO_POSTINGS = Postings()


class Result(msgspec.Struct, omit_defaults=True, gc=False):
    """One record's outcome; see `sql/migrations/002_ledger_results.sql` for each field.

    `amount` is what was moved or, if nothing was, what the event asked for or holds (0 when the
    program's rule would have said).
    """

    source_partition: int
    source_offset: int
    event_id: str
    event_source: str
    type: str
    subject: str
    program: str
    time: int
    outcome: str
    reason: str = ""
    amount: int = 0
    posting: Postings = NO_POSTINGS
    activity: str = ""
    campaign: str = ""
    carrier: str = ""
    counterparty: str = ""
    spend: int | None = None
    step: str = ""
    cause: str = ""
    cause_source: str = ""
    item: str = ""
    points: int = 0
    sharer: str = ""
    network: str = ""
    mb: int = 0


encode_result = msgspec.json.Encoder().encode
decode_result = msgspec.json.Decoder(Result).decode


def encode_results(results: list[Result]) -> list[bytes]:
    """Return each result as JSON."""
    return list(map(encode_result, results))
