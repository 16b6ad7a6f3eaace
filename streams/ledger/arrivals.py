"""What a leg does when it arrives.

A genuine leg is judged by no window and moves no clock: its transaction appended it exactly once.
One that brings coins can't be refused on its merits, but for a wallet whose tier of verification
allows no more: they go back. What an account can't take goes to suspense, and the origin is told
that they have arrived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.ledger import tiers
from streams.ledger.accounts import Account, bounced_name, clearing_name
from streams.ledger.legs import is_genuine, next_sequence, sequence, with_arrival
from streams.ledger.payees import send_money
from streams.ledger.recent import entry_at, find, key_of, mark
from streams.ledger.refusals import APPLIED_CODES, RELEASED, REVERSED
from streams.ledger.terms import lease_of, packed, packet_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.events import Leg
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
    elif target.kind == "wallet" and data.step != "reversal" and _is_full(book, leg, target):
        return _send_back(book, leg)
    book.move(clearing, target, data.amount)
    if data.step == "reversal":
        _uncount(book, leg)
    origin = clearing_name(data.program, data.partition)
    book.send("ack", origin, clearing.name, data.amount, data.cause, data.campaign)
    return ""


def _is_full(book: Book, leg: Leg, wallet: Account) -> bool:
    program = tiers.bound_at(book, leg.data.program, book.time_us)
    return program is not None and tiers.is_full(wallet, program, leg.data.amount)


def _send_back(book: Book, leg: Leg) -> str:
    """Send coins back; remember a gift that was, so that it isn't taken back as well."""
    data = leg.data
    book.send("bounce", data.payer, leg.subject, data.amount, data.cause, data.campaign)
    if data.step == "transfer":
        name = bounced_name(_gift_key(data.payer, data.cause), leg.subject)
        book.keep(Account("bounced", data.program, name=name))
    return "over_tier_balance"


def _gift_key(payer: str, cause: str) -> bytes:
    return key_of(f"{payer}\n{cause}")  # names hold no line breaks


def _bounce(book: Book, leg: Leg, clearing: Account) -> str:
    """Give coins that were sent from here to who paid them, a packet's to its sender."""
    data = leg.data
    payer = book[leg.subject]
    name = leg.subject
    if payer is not None and payer.kind == "packet":
        name = packet_of(payer.terms).sender
    clearing.pending -= data.amount
    book.move(clearing, book.taker(name, data.program, data.amount), data.amount)
    at = _uncount(book, leg)
    if payer is not None and at >= 0:
        mark(payer, at, RELEASED)
    return ""


def _uncount(book: Book, leg: Leg) -> int:
    """Take a gift that came back off its day; return where its payer remembers it, -1 if not."""
    payer = book[leg.subject]
    if payer is None or payer.kind != "wallet":
        return -1
    at = find(payer.recent, key_of(leg.data.cause))
    if at < 0 or (entry := entry_at(payer.recent, at)).code not in APPLIED_CODES:
        return -1
    tiers.uncount(book, payer, entry.time_us, leg.data.amount)
    book.keep(payer)
    return at


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
    if book[bounced_name(_gift_key(data.payer, data.cause), leg.subject)] is not None:
        book.send("declined", data.payer, leg.subject, data.amount, data.cause)
        return "unknown_original"
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
    "bounce": _bounce,
}
