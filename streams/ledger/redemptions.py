"""Redemptions: coins to a carrier, at once, or held until the carrier has answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.ledger.accounts import carrier_name
from streams.ledger.recent import find, key_of, mark
from streams.ledger.refusals import RELEASED
from streams.ledger.terms import HOLDS_MAX, Hold, holds_of, packed
from streams.ledger.times import microseconds

if TYPE_CHECKING:
    from streams.events import Redeem, RedeemExpire, RedeemFail, RedeemSettle
    from streams.ledger.accounts import Account
    from streams.ledger.book import Book
    from streams.programs import Program


def redeem(book: Book, event: Redeem, wallet: Account, program: Program) -> str:
    """Wallet to carrier; with `until` the coins are held instead."""
    data = event.data
    if data.carrier not in program.plain and (reason := _refused_at_carrier(event, program)):
        return reason
    if data.until is not None:
        return _hold(book, event, wallet, microseconds(data.until))
    if wallet.available < data.amount:
        return "insufficient_balance"
    return book.pay(wallet, _carrier(book, data.carrier, program.name), data.amount)


def _refused_at_carrier(event: Redeem, program: Program) -> str:
    data = event.data
    carrier = program.carriers.get(data.carrier)
    if carrier is None:
        return "unknown_carrier"
    if carrier.is_closed_to(data.network or data.carrier, data.carrier):
        return "carrier_closed"
    if not program.may_redeem_on(event.time):
        return "last_day"
    return "" if carrier.has_price(data.amount) else "no_such_tier"


def _hold(book: Book, event: Redeem, wallet: Account, until_us: int) -> str:
    amount = event.data.amount
    if until_us <= microseconds(event.time):
        return "bad_term"
    holds = holds_of(wallet.terms)
    if len(holds) >= HOLDS_MAX:
        return "too_many_holds"
    if wallet.available < amount:
        return "insufficient_balance"
    holds.append(Hold(book.key, amount, event.data.carrier, until_us))
    wallet.terms = packed(holds)
    wallet.pending += amount
    book.amount = amount
    book.post(wallet)
    return ""


def settle(book: Book, event: RedeemSettle, wallet: Account, program: Program) -> str:
    """Pay the carrier with the coins held for it."""
    hold = hold_of(wallet, key_of(event.data.redemption))
    if hold is None:
        return "unknown_hold"
    carrier = _carrier(book, hold.carrier, program.name)
    if not book.may_pay(wallet, carrier, hold.amount):
        return "balance_limit"
    _release(book, wallet, hold)
    book.move(wallet, carrier, hold.amount)
    return ""


def fail(book: Book, event: RedeemFail, wallet: Account, _program: Program) -> str:
    """Give the held coins back."""
    hold = hold_of(wallet, key_of(event.data.redemption))
    if hold is None:
        return "unknown_hold"
    return _give_back(book, wallet, hold)


def expire(book: Book, event: RedeemExpire, wallet: Account, _program: Program) -> str:
    """Give the held coins back, when their time is over."""
    hold = hold_of(wallet, key_of(event.data.redemption))
    if hold is None:
        return "unknown_hold"
    if microseconds(event.time) < hold.until_us:
        return "not_due"
    return _give_back(book, wallet, hold)


def hold_of(wallet: Account, key: bytes) -> Hold | None:
    """Return the open redemption whose event's id hashes to `key`."""
    return next((hold for hold in holds_of(wallet.terms) if hold.key == key), None)


def _give_back(book: Book, wallet: Account, hold: Hold) -> str:
    _release(book, wallet, hold)
    book.post(wallet)
    at = find(wallet.recent, hold.key)
    if at >= 0:
        mark(wallet, at, RELEASED)
    return ""


def _release(book: Book, wallet: Account, hold: Hold) -> None:
    wallet.terms = packed([own for own in holds_of(wallet.terms) if own.key != hold.key])
    wallet.pending -= hold.amount
    book.amount = hold.amount


def _carrier(book: Book, carrier: str, program: str) -> Account:
    return book.ours(carrier_name(carrier, program, book.number), "carrier", program)
