"""Reversals: an applied event taken back, its coins where they came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.events import Earn, Grant, PointsIn, PointsOut, Redeem, Transfer
from streams.ledger import caps, tiers
from streams.ledger.accounts import budget_name, carrier_name
from streams.ledger.holds import hold_of
from streams.ledger.payees import pay_back
from streams.ledger.points import account_of
from streams.ledger.recent import digest_of, entry_at, find, key_of, mark
from streams.ledger.refusals import REVERSED
from streams.ledger.results import ASKED
from streams.ledger.times import microseconds

if TYPE_CHECKING:
    from streams.events import Reverse
    from streams.ledger.accounts import Account
    from streams.ledger.book import Book
    from streams.programs import Program


def reverse(book: Book, event: Reverse, wallet: Account, program: Program) -> str:
    """Take back an event that the wallet remembers as applied, and mark it."""
    original = event.data.original
    if original.subject != event.subject or original.data.program != program.name:
        return "unknown_original"
    key = key_of(original.id)
    at = find(wallet.recent, key)
    if at < 0:
        return "unknown_original"
    entry = entry_at(wallet.recent, at)
    if entry.content != digest_of(original, microseconds(original.time)):
        return "unknown_original"
    if entry.code == REVERSED:
        return "already_reversed"
    if entry.code:  # refused, or its coins are free again
        return "unknown_original"
    if hold_of(wallet, key) is not None:
        return "not_settled"
    reason = _take_back(book, original, wallet, program)
    if not reason and isinstance(original, Redeem | Transfer):
        tiers.uncount(book, wallet, entry.time_us, original.data.amount)
    if not reason or reason == ASKED:
        mark(wallet, at, REVERSED)
    return reason


def _take_back(
    book: Book,
    original: Earn | Grant | Redeem | Transfer | PointsIn | PointsOut,
    wallet: Account,
    program: Program,
) -> str:
    if isinstance(original, Earn):
        return _earned(book, original, wallet, program)
    if isinstance(original, Grant):
        budget = book.ours(budget_name(original.data.campaign, book.number), "budget", program.name)
        return _pay(book, wallet, budget, original.data.amount)
    if isinstance(original, Redeem):
        name = carrier_name(original.data.carrier, program.name, book.number)
        carrier = book.ours(name, "carrier", program.name)
        return pay_back(book, carrier, wallet, original.data.amount)
    if isinstance(original, PointsIn):
        partner = account_of(book, original.data.partner, program.name)
        return _pay(book, wallet, partner, original.data.amount)
    if isinstance(original, PointsOut):
        partner = account_of(book, original.data.partner, program.name)
        amount = original.data.amount
        book.move(partner, book.taker(wallet.name, program.name, amount), amount)
        return ""
    return _transferred(book, original, wallet)


def _earned(book: Book, original: Earn, wallet: Account, program: Program) -> str:
    then = book.judged_by(program.name).program_at(program.name, microseconds(original.time))
    activity = then.earn.get(original.data.activity)
    amount = activity and activity.earned(original.data.amount, original.data.spend)
    if not activity or not amount:
        return "unknown_original"
    reason = _pay(book, wallet, book.issuer(program.name), amount)
    if not reason and activity.is_capped:
        caps.count(book, original, wallet, then, -amount)
    return reason


def _transferred(book: Book, original: Transfer, wallet: Account) -> str:
    payee = book[original.data.to]
    if payee is not None:
        return pay_back(book, payee, wallet, original.data.amount)
    book.send("reverse_ask", original.data.to, wallet.name, original.data.amount, original.id)
    book.amount = original.data.amount
    return ASKED


def _pay(book: Book, payer: Account, payee: Account, amount: int) -> str:
    return "insufficient_balance" if payer.available < amount else book.pay(payer, payee, amount)
