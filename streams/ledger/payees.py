"""Paying a wallet that may live on another partition.

On which partition it lives must not show. So only a wallet that lives here and can be paid is paid
at once; any other wallet's name gets a leg, even from its own partition, and what becomes of the
coins is decided, in one place for all, when that arrives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.ledger import tiers
from streams.ledger.accounts import kind_of, owner_name

if TYPE_CHECKING:
    from streams.events import Step
    from streams.ledger.accounts import Account
    from streams.ledger.book import Book
    from streams.ledger.turn import Turn
    from streams.programs.compiled import Compiled


def may_be_paid(book: Book, name: str) -> bool:
    """Return whether a name is a wallet's, or may yet become one's."""
    payee = book[name]
    return (kind_of(name) if payee is None else payee.kind) == "wallet"


def pay_or_send(
    turn: Turn,
    payer: Account,
    name: str,
    amount: int,
    step: Step,
    program: Compiled,
    campaign: str = "",
) -> str:
    """Pay a name that may be paid: here at once, if its wallet takes it, otherwise by a leg."""
    payee = turn.book[name]
    if (
        payee is not None
        and payee.takes(program.name, amount)
        and not (program.tiers and tiers.is_full(payee, program, amount))
    ):
        return turn.book.pay(payer, payee, amount)
    send_money(turn, step, payer, name, amount, campaign)
    return ""


def send_money(
    turn: Turn,
    step: Step,
    payer: Account,
    to: str,
    amount: int,
    campaign: str = "",
    asker: str = "",
) -> None:
    """Move coins into clearing, pending until acknowledged, and send the leg that pays them out."""
    clearing = turn.book.clearing(payer.program)
    clearing.pending += amount
    turn.book.move(payer, clearing, amount)
    name = owner_name(payer.name) if payer.kind == "waiting" else payer.name
    turn.send(step, to, name, amount, campaign, asker=asker)
