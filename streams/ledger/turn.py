"""The turn: one event being judged, and what the ledger knows about it meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from streams.events import Leg, LegData, encode, partition_of
from streams.ledger.legs import UNSIGNED, cause_of, sent_to, sign, with_sent
from streams.ledger.rulebook import Rulebook
from streams.ledger.trust import Trust

if TYPE_CHECKING:
    from streams.events import Step, WalletEvent
    from streams.ledger.book import Book
    from streams.ledger.rules import Rules


class Found(msgspec.Struct, frozen=True, gc=False):
    """What an event refers to, as only accounts know.

    Attributes:
        source: of the event that is meant.
        campaign: whose packet it is; '' for a person's.
        sharer: who brought who claims.
    """

    source: str = ""
    campaign: str = ""
    sharer: str = ""


NOTHING_FOUND = Found()


class Turn:
    """One event's turn with the book; the same object serves a batch's events, one after the other.

    Args:
        book: the partition's accounts.
        rules: what is fixed.

    Attributes:
        rulebook: the programs' rules in force here.
        trust: the keys trusted here.
        event: the current one.
        time_us: its time, microseconds since 1970.
        offset: where it stands in the partition's log.
        legs: how many it has sent so far.
        amount: the coins it concerns, where its postings don't say.
        undo: what undoing it takes, see `recent.py`.
        mb: megabytes that it redeemed.
        found: what it refers to, as far as it was found.
    """

    __slots__ = (
        *("amount", "book", "event", "found", "legs", "mb", "offset", "rulebook", "rules"),
        *("time_us", "trust", "undo"),
    )

    event: WalletEvent
    time_us: int
    offset: int

    def __init__(self, book: Book, rules: Rules) -> None:
        self.book = book
        self.rules = rules
        self.rulebook = Rulebook(book, rules)
        self.trust = Trust(book, rules)
        self.legs = self.amount = self.undo = self.mb = 0
        self.found = NOTHING_FOUND

    def forward(self) -> tuple[str, str]:
        """Note that the current record belongs on another partition."""
        self.book.strays.add(self.offset)
        return "forwarded", ""

    def send(
        self,
        step: Step,
        subject: str,
        payer: str,
        amount: int,
        campaign: str = "",
        *,
        asker: str = "",
        reason: str = "",
        cause: tuple[str, str] | None = None,
    ) -> None:
        """Send a leg to the partition where `subject` lives.

        Args:
            step: what it does there.
            subject: for whom it is.
            payer: whose coins they are, or who asks or answers.
            amount: coins.
            campaign: whose they are.
            asker: of a question the `event_key` of the event that asks, in hexadecimal; of its
                answer the same.
            reason: of an answer, why not.
            cause: source and id of the event that it belongs to, where that isn't the current one.
        """
        book, event = self.book, self.event
        cause_source, cause_id = cause or cause_of(event)
        program = event.data.program
        home = partition_of(subject, book.partitions)
        clearing, keys = book.clearing(program), self.trust["ledger"]
        sequence = sent_to(clearing.terms, home) + 1
        clearing.terms = with_sent(clearing.terms, home, sequence)
        book.keep(clearing)
        data = LegData(
            program=program,
            step=step,
            payer=payer,
            amount=amount,
            cause=cause_id,
            cause_source=cause_source,
            campaign=campaign,
            asker=asker,
            reason=reason,
            partition=book.number,
            offset=self.offset,
            number=self.legs,
            sequence=sequence,
            key=keys.signing,
            signature=UNSIGNED,
        )
        leg = Leg(
            id=f"leg:{book.number}:{self.offset}:{self.legs}",
            source=f"flowdrop/ledger/{book.number}",
            time=event.time,
            subject=subject,
            data=data,
        )
        self.legs += 1
        signed = sign(leg, keys.secret(keys.signing))
        book.sent.append((home, subject.encode(), encode(signed)))
