"""Orders: coins for what a program's catalogue offers, held until the merchant has delivered.

A delivered order is remembered for good, on an account of its own, so that it can be refunded long
after the wallet has forgotten it, and only once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.ledger.accounts import Account, kind_of, merchant_name, order_name
from streams.ledger.holds import give_back, hold, hold_of, pay_out
from streams.ledger.payees import pay_back
from streams.ledger.recent import key_of
from streams.ledger.terms import Order, order_of, packed

if TYPE_CHECKING:
    from streams.events import OrderCancel, OrderFulfil, OrderPlace, OrderRefund
    from streams.ledger.book import Book
    from streams.ledger.terms import Hold
    from streams.programs import Program


def place(book: Book, event: OrderPlace, wallet: Account, program: Program) -> str:
    """Hold the price of what is ordered, which must be what the buyer was shown."""
    data = event.data
    item = program.catalogue.get(data.item)
    if item is None:
        return "unknown_item"
    if data.amount != item.price * data.quantity:
        return "wrong_price"
    if book[order_name(book.key, wallet.name)] is not None:
        return "id_in_use"
    return hold(book, wallet, data.amount, f"merchant:{item.merchant}")


def fulfil(book: Book, event: OrderFulfil, wallet: Account, program: Program) -> str:
    """Wallet to merchant: the coins held for the order."""
    held = _held(wallet, event.data.order)
    if held is None:
        return "unknown_order"
    merchant = held.payee.removeprefix("merchant:")
    reason = pay_out(book, wallet, held, _merchant(book, merchant, program.name))
    if not reason:
        order = Account("order", program.name, name=order_name(held.key, wallet.name))
        order.terms = packed(Order(merchant, held.amount))
        book.keep(order)
    return reason


def cancel(book: Book, event: OrderCancel, wallet: Account, _program: Program) -> str:
    """Give the coins held for the order back."""
    held = _held(wallet, event.data.order)
    if held is None:
        return "unknown_order"
    return give_back(book, wallet, held)


def refund(book: Book, event: OrderRefund, wallet: Account, program: Program) -> str:
    """Merchant to wallet: the coins of a delivered order, once."""
    account = book[order_name(key_of(event.data.order), wallet.name)]
    if account is None:
        return "unknown_order"
    order = order_of(account.terms)
    if order.refunded:
        return "already_refunded"
    merchant = _merchant(book, order.merchant, program.name)
    reason = pay_back(book, merchant, wallet, order.amount)
    if not reason:
        order.refunded = True
        account.terms = packed(order)
        book.keep(account)
    return reason


def _held(wallet: Account, order: str) -> Hold | None:
    held = hold_of(wallet, key_of(order))
    return None if held is None or kind_of(held.payee) != "merchant" else held


def _merchant(book: Book, merchant: str, program: str) -> Account:
    return book.ours(merchant_name(merchant, program, book.number), "merchant", program)
