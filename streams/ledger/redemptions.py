"""Redemptions: coins to a carrier, at once, or held until the carrier has answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.ledger import tiers
from streams.ledger.accounts import carrier_name, kind_of
from streams.ledger.holds import give_back, hold, holds_meant, pay_out
from streams.ledger.times import microseconds

if TYPE_CHECKING:
    from streams.events import Redeem, RedeemExpire, RedeemFail, RedeemSettle
    from streams.ledger.accounts import Account
    from streams.ledger.book import Book
    from streams.ledger.terms import Hold
    from streams.programs import Program


def redeem(book: Book, event: Redeem, wallet: Account, program: Program) -> str:
    """Wallet to carrier; with `until` the coins are held instead. The result tells the data."""
    data = event.data
    coin_mb = program.plain.get(data.carrier)
    if coin_mb is None and (reason := _refused_at_carrier(event, program)):
        return reason
    if program.tiers and (reason := tiers.refusal_of(book, wallet, program, data.amount)):
        return reason
    if data.until is not None:
        until_us = microseconds(data.until)
        if until_us <= microseconds(event.time):
            return "bad_term"
        reason = hold(book, wallet, data.amount, data.carrier, until_us)
    elif wallet.available < data.amount:
        reason = "insufficient_balance"
    else:
        reason = book.pay(wallet, _carrier(book, data.carrier, program.name), data.amount)
    if reason:
        return reason
    if program.tiers:
        tiers.count(book, wallet, program, data.amount)
    if coin_mb is None:
        book.mb = program.carriers[data.carrier].megabytes(data.amount)
    elif coin_mb:
        book.mb = data.amount
    return ""


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


def settle(book: Book, event: RedeemSettle, wallet: Account, program: Program) -> str:
    """Pay the carrier with the coins held for it."""
    held = _held(book, event, wallet)
    if isinstance(held, str):
        return held
    return pay_out(book, wallet, held, _carrier(book, held.payee, program.name))


def fail(book: Book, event: RedeemFail, wallet: Account, _program: Program) -> str:
    """Give the held coins back."""
    held = _held(book, event, wallet)
    if isinstance(held, str):
        return held
    return give_back(book, wallet, held)


def expire(book: Book, event: RedeemExpire, wallet: Account, _program: Program) -> str:
    """Give the held coins back, when their time is over."""
    held = _held(book, event, wallet)
    if isinstance(held, str):
        return held
    if microseconds(event.time) < held.until_us:
        return "not_due"
    return give_back(book, wallet, held)


def _held(
    book: Book, event: RedeemSettle | RedeemFail | RedeemExpire, wallet: Account
) -> Hold | str:
    """Return the open redemption that is meant, or why none is."""
    data = event.data
    meant = [
        held
        for held in holds_meant(wallet, data.redemption, data.redemption_source)
        if kind_of(held.payee) != "merchant"
    ]
    if len(meant) != 1:
        return "ambiguous_reference" if meant else "unknown_hold"
    book.told = {"cause_source": meant[0].source}
    return meant[0]


def _carrier(book: Book, carrier: str, program: str) -> Account:
    return book.ours(carrier_name(carrier, program, book.number), "carrier", program)
