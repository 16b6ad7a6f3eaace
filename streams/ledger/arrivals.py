"""What a leg does when it arrives.

A genuine leg is judged by no window and moves no clock: its transaction appended it exactly once.
One that brings coins can't be refused on its merits: what an account can't take goes to suspense,
and the origin is told that they have arrived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.ledger.accounts import clearing_name
from streams.ledger.legs import is_genuine, next_sequence, sequence, with_arrival
from streams.ledger.payees import send_money
from streams.ledger.recent import entry_at, find, key_of, mark
from streams.ledger.refusals import REVERSED
from streams.ledger.terms import lease_of, packed

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.events import Leg
    from streams.ledger.accounts import Account
    from streams.ledger.book import Book


def arrive(book: Book, leg: Leg) -> tuple[str, str]:
    """Do what a leg says; return outcome and reason."""
    data = leg.data
    if not is_genuine(leg, book.rules.secret):
        return "refused", "forged_leg"
    if book[leg.subject] is None and book.is_elsewhere(leg.subject):
        return book.forward()
    clearing = book.clearing(data.program)
    number = sequence(leg)
    if number < next_sequence(clearing.terms, data.partition):
        return "refused", "repeated_leg"
    clearing.terms = with_arrival(clearing.terms, data.partition, number)
    book.keep(clearing)
    reason = STEPS[data.step](book, leg, clearing)
    return ("refused", reason) if reason else ("applied", "")


def _money(book: Book, leg: Leg, clearing: Account) -> str:
    """Pay out what the origin sent, and acknowledge it."""
    data = leg.data
    target = book[leg.subject]
    if target is None and data.step in {"lease", "return"}:
        target = book.lender_or_borrower(leg.subject, data.program)
    if target is None or not target.takes(data.program, data.amount):
        target = book.suspense(data.program)
    book.move(clearing, target, data.amount)
    origin = clearing_name(data.program, data.partition)
    book.send("ack", origin, clearing.name, data.amount, data.cause, data.campaign)
    return ""


def _lease(book: Book, leg: Leg, clearing: Account) -> str:
    """Add to a shard or an issuer what its reserve leased it; nothing means there is no more."""
    data = leg.data
    shard = book.lender_or_borrower(leg.subject, data.program)
    if shard.program == data.program:
        lease = lease_of(shard.terms)
        lease.leased, lease.asked = True, False
        lease.dry, lease.chunk = data.amount == 0, data.amount
        shard.terms = packed(lease)
        if data.amount == 0:
            book.post(shard)
        else:
            book.keep(shard)
    return _money(book, leg, clearing) if data.amount else ""


def _ack(book: Book, leg: Leg, clearing: Account) -> str:
    """Note that coins sent from here have arrived."""
    clearing.pending -= leg.data.amount
    book.amount = leg.data.amount
    book.post(clearing)
    return ""


def _lease_ask(book: Book, leg: Leg, _clearing: Account) -> str:
    """Lease who asks a part of what is left, which may be nothing, or all that it lacks.

    Who lacks more than there is gets the part only: others need the rest.
    """
    data = leg.data
    reserve = book[leg.subject]
    amount = 0
    if reserve is not None and reserve.program == data.program:
        available = reserve.available
        amount = max(available // (2 * book.partitions), min(available, 1))
        if data.amount <= available:
            amount = max(amount, data.amount)
    if reserve is not None and amount:
        send_money(book, "lease", reserve, data.payer, amount, data.cause, data.campaign)
    else:
        book.send("lease", data.payer, leg.subject, 0, data.cause, data.campaign)
    return ""


def _ask(book: Book, leg: Leg, _clearing: Account) -> str:
    """Pay a grant that the shard could not."""
    data = leg.data
    reserve = book[leg.subject]
    if reserve is None or reserve.program != data.program or reserve.available < data.amount:
        return "budget_exhausted"
    send_money(book, "grant", reserve, data.payer, data.amount, data.cause, data.campaign)
    return ""


def _reverse_ask(book: Book, leg: Leg, _clearing: Account) -> str:
    """Send a transfer's coins back, if the payee has as many."""
    data = leg.data
    payee = book[leg.subject]
    if payee is None or payee.program != data.program or payee.available < data.amount:
        book.send("declined", data.payer, leg.subject, data.amount, data.cause)
        return "insufficient_balance"
    send_money(book, "reversal", payee, data.payer, data.amount, data.cause)
    return ""


def _declined(book: Book, leg: Leg, _clearing: Account) -> str:
    """Have the payer's transfer stand as applied again."""
    payer = book[leg.subject]
    at = -1 if payer is None else find(payer.recent, key_of(leg.data.cause))
    if payer is not None and at >= 0 and entry_at(payer.recent, at).code == REVERSED:
        mark(payer, at, 0)
        book.keep(payer)
    return ""


STEPS: dict[str, Callable[[Book, Leg, Account], str]] = {
    "transfer": _money,
    "claim": _money,
    "lease": _lease,
    "return": _money,
    "grant": _money,
    "reversal": _money,
    "ack": _ack,
    "lease_ask": _lease_ask,
    "ask": _ask,
    "reverse_ask": _reverse_ask,
    "declined": _declined,
}
