"""Paying a wallet that may live on another partition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.ledger.accounts import kind_of

if TYPE_CHECKING:
    from streams.events import Step
    from streams.ledger.accounts import Account
    from streams.ledger.book import Book


def may_be_paid(book: Book, name: str, program: str) -> bool:
    """Return whether a payee may be paid, as far as this partition knows."""
    payee = book[name]
    if payee is not None:
        return payee.kind == "wallet" and payee.takes(program)
    return book.is_elsewhere(name) and kind_of(name) == "wallet"


def pay_or_send(
    book: Book, payer: Account, name: str, amount: int, step: Step, campaign: str = ""
) -> str:
    """Pay a payee who may be paid: here at once, elsewhere by a leg."""
    payee = book[name]
    if payee is not None:
        return book.pay(payer, payee, amount)
    send_money(book, step, payer, name, amount, book.event.id, campaign)
    return ""


def send_money(
    book: Book, step: Step, payer: Account, to: str, amount: int, cause: str, campaign: str = ""
) -> None:
    """Move coins into clearing, pending until acknowledged, and send the leg that pays them out."""
    clearing = book.clearing(payer.program)
    clearing.pending += amount
    book.move(payer, clearing, amount)
    book.send(step, to, payer.name, amount, cause, campaign)


def pay_back(book: Book, payer: Account, wallet: Account, amount: int) -> str:
    """Give a wallet its coins back; they go to suspense when it can't take them."""
    if payer.available < amount:
        return "insufficient_balance"
    book.move(payer, book.taker(wallet.name, wallet.program, amount), amount)
    return ""
