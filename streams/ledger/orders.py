"""Orders: coins for what a program's catalogue offers, held until the merchant has delivered.

A delivered order is remembered permanently, on an account of its own, so that it can be refunded
long after the wallet has forgotten it, and only once. That account goes by the order's id alone, so
that a reference to the id finds the orders of every source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.events import OrderCancel, OrderFulfil, OrderPlace, OrderRefund
from streams.events.identity import text_hash
from streams.ledger import subjects
from streams.ledger.accounts import Account, kind_of, merchant_name, order_name
from streams.ledger.holds import give_back, hold, holds_meant, pay_out
from streams.ledger.operation import Operation
from streams.ledger.terms import SOURCES_MAX, Order, orders_of, packed
from streams.ledger.turn import Found
from streams.ledger.waiting import pay_back

if TYPE_CHECKING:
    from streams.events import OrderData, OrderPlaceData, OrderStopData
    from streams.ledger.book import Book
    from streams.ledger.results import Result
    from streams.ledger.terms import Hold
    from streams.ledger.turn import Turn
    from streams.programs.compiled import Compiled


def place(turn: Turn, event: OrderPlace, wallet: Account, program: Compiled) -> str:
    """Hold the price of what is ordered, which must be what the buyer was shown."""
    data = event.data
    item = program.catalogue.get(data.item)
    if item is None:
        return "unknown_item"
    if data.amount != item.price * data.quantity:
        return "wrong_price"
    delivered = _delivered(turn.book, wallet, event.id)
    used = len(delivered) >= SOURCES_MAX or any(own.source == event.source for own in delivered)
    return "id_in_use" if used else hold(turn, wallet, data.amount, f"merchant:{item.merchant}")


def fulfil(turn: Turn, event: OrderFulfil, wallet: Account, program: Compiled) -> str:
    """Wallet to merchant: the coins held for the order."""
    book = turn.book
    held = _held(turn, event, wallet)
    if isinstance(held, str):
        return held
    merchant = held.payee.removeprefix("merchant:")
    reason = pay_out(turn, wallet, held, _merchant(book, merchant, program.name))
    if not reason:
        delivered = _delivered(book, wallet, event.data.order)
        delivered.append(Order(held.source, merchant, held.amount))
        _keep(book, wallet, event.data.order, delivered)
    return reason


def cancel(turn: Turn, event: OrderCancel, wallet: Account, _program: Compiled) -> str:
    """Give the coins held for the order back."""
    held = _held(turn, event, wallet)
    return held if isinstance(held, str) else give_back(turn, wallet, held)


def refund(turn: Turn, event: OrderRefund, wallet: Account, program: Compiled) -> str:
    """Merchant to wallet: the coins of a delivered order, once."""
    book = turn.book
    reason, source = _meant(turn, event, wallet)
    if reason:
        return reason
    delivered = _delivered(book, wallet, event.data.order)
    order = next((own for own in delivered if own.source == source), None)
    if order is None:  # it is still held
        return "unknown_order"
    if order.refunded:
        return "already_refunded"
    merchant = _merchant(book, order.merchant, program.name)
    reason = pay_back(turn, merchant, wallet, order.amount)
    if not reason:
        order.refunded = True
        _keep(book, wallet, event.data.order, delivered)
    return reason


def _held(turn: Turn, event: OrderFulfil | OrderCancel, wallet: Account) -> Hold | str:
    """Return what the order that is meant holds, or why there is nothing."""
    reason, source = _meant(turn, event, wallet)
    return reason or next(iter(_open(wallet, event.data.order, source)), "unknown_order")


def _meant(
    turn: Turn, event: OrderFulfil | OrderCancel | OrderRefund, wallet: Account
) -> tuple[str, str]:
    """Return why it is not clear which order is meant, '' when it is, and its source."""
    order, source = event.data.order, event.data.order_source
    sources = [held.source for held in _open(wallet, order, source)]
    sources += [
        own.source for own in _delivered(turn.book, wallet, order) if source in {None, own.source}
    ]
    if len(sources) != 1:
        return ("ambiguous_reference" if sources else "unknown_order"), ""
    turn.found = Found(sources[0])
    return "", sources[0]


def _open(wallet: Account, order: str, source: str | None) -> list[Hold]:
    """Return what orders of that id, and of that source if one is given, hold."""
    holds = holds_meant(wallet, order, source)
    return [held for held in holds if kind_of(held.payee) == "merchant"]


def _delivered(book: Book, wallet: Account, order: str) -> list[Order]:
    """Return the delivered orders of that id."""
    account = book[order_name(text_hash(order), wallet.name)]
    return [] if account is None else orders_of(account.terms)


def _keep(book: Book, wallet: Account, order: str, delivered: list[Order]) -> None:
    account = book.ours(order_name(text_hash(order), wallet.name), "order", wallet.program)
    account.terms = packed(delivered)
    book.keep(account)


def _merchant(book: Book, merchant: str, program: str) -> Account:
    return book.ours(merchant_name(merchant, program, book.number), "merchant", program)


def _tell_place(result: Result, data: OrderPlaceData, _turn: Turn) -> None:
    result.item = data.item


def _tell(result: Result, data: OrderData | OrderStopData, turn: Turn) -> None:
    result.cause = data.order
    result.cause_source = turn.found.source or data.order_source or ""


OPERATIONS = (
    Operation(
        event=OrderPlace,
        subject=subjects.open_wallet,
        run=place,
        facts=_tell_place,
        refusals=(
            "unknown_item",
            "wrong_price",
            "id_in_use",
            "too_many_holds",
            "insufficient_balance",
        ),
    ),
    Operation(
        event=OrderFulfil,
        subject=subjects.any_wallet,
        run=fulfil,
        facts=_tell,
        refusals=("unknown_order", "ambiguous_reference", "balance_limit"),
    ),
    Operation(
        event=OrderCancel,
        subject=subjects.any_wallet,
        run=cancel,
        facts=_tell,
        refusals=("unknown_order", "ambiguous_reference"),
    ),
    Operation(
        event=OrderRefund,
        subject=subjects.any_wallet,
        run=refund,
        facts=_tell,
        refusals=(
            "unknown_order",
            "already_refunded",
            "ambiguous_reference",
            "insufficient_balance",
        ),
    ),
)
