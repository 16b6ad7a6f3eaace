"""Corrections: what an operator does about legs after a key was in the wrong hands.

A forged leg that was accepted has minted what it brought: its coins are on no other partition's
clearing account. When it is undone, they are taken from whoever it paid, as far as they are still
there; the account `missing` owes what has been spent. The origin, which was told that coins of its
own had arrived, is told that they have not. A leg that the ledger did send, and that was refused
because a forged one had come under its number, is delivered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from streams.events import Correction
from streams.events.identity import text_hash
from streams.events.times import microseconds
from streams.ledger.accounts import (
    Account,
    aside_name,
    clearing_name,
    kind_of,
    missing_name,
    undone_name,
)
from streams.ledger.arrivals import STEPS
from streams.ledger.operation import Ours
from streams.ledger.signing import is_signed, signature_of
from streams.ledger.waiting import take_out

if TYPE_CHECKING:
    from streams.events import CorrectionData, Leg
    from streams.ledger.book import Book
    from streams.ledger.results import Result
    from streams.ledger.turn import Turn

ACKNOWLEDGED = frozenset({"transfer", "claim", "lease", "return", "grant", "reversal", "unclaimed"})
UNDOABLE = ACKNOWLEDGED | {"bounce", "ack", "unack"}


def sign(event: Correction, secret: bytes) -> Correction:
    """Return the event with its signature."""
    data = msgspec.structs.replace(event.data, signature=signature_of(_content(event), secret))
    return msgspec.structs.replace(event, data=data)


def _content(event: Correction) -> tuple[object, ...]:
    data = event.data
    return (
        *(event.id, event.source, event.time, event.subject),
        *(data.program, data.step, data.leg, data.account, data.key),
    )


def correct(turn: Turn, event: Correction) -> tuple[str, str]:
    """Undo or deliver a leg, once; return outcome and reason."""
    data = event.data
    secret = turn.trust["rules"][data.key]
    if isinstance(secret, str):
        return "refused", secret
    if not is_signed(_content(event), data.signature, secret):
        return "refused", "forged_correction"
    if event.subject != clearing_name(data.program, turn.book.number):
        if turn.book.is_elsewhere(event.subject):
            return turn.forward()
        return "refused", "forged_correction"
    if data.program != data.leg.data.program:
        return "refused", "forged_correction"
    reason = _deliver(turn, data.leg) if data.step == "deliver" else _undo(turn, event)
    return ("refused", reason) if reason else ("applied", "")


def _deliver(turn: Turn, leg: Leg) -> str:
    """Do what a leg says that was refused; remember it as one set aside that has come."""
    book, data = turn.book, leg.data
    name = aside_name(data.program, data.partition, data.sequence, book.number)
    memory = book[name] or Account("aside", data.program, name=name)
    if memory.state == "closed":
        return "repeated_correction"
    memory.state = "closed"
    book.keep(memory)
    turn.time_us = microseconds(leg.time)  # as it would have been judged
    return STEPS[data.step](turn, leg, book.clearing(data.program))


def _undo(turn: Turn, event: Correction) -> str:
    book = turn.book
    leg, program = event.data.leg, event.data.program
    step, amount = leg.data.step, leg.data.amount
    if step not in UNDOABLE:
        return "no_correction"
    name = undone_name(text_hash(leg.data.signature), book.number)
    if book[name] is not None:
        return "repeated_correction"
    book.keep(Account("undone", program, name=name))
    clearing = book.clearing(program)
    if step in {"ack", "unack"}:
        clearing.pending += amount if step == "ack" else -amount
        turn.amount = amount
        book.post(clearing)
        return ""
    if step == "bounce":
        clearing.pending += amount
    _take_back(book, leg, _payee(book, leg, event.data.account))
    if step in ACKNOWLEDGED and amount:
        origin = clearing_name(program, leg.data.partition)
        turn.send("unack", origin, clearing.name, amount, leg.data.campaign)
    return ""


def _payee(book: Book, leg: Leg, name: str) -> Account | None:
    """Return who has what the leg brought: where it waits, or, since it was opened, the wallet."""
    if kind_of(name) != "waiting":
        return book[name]
    data = leg.data
    waits = take_out(book, leg.subject, data.program, (data.payer, data.cause_source, data.cause))
    return waits or book[leg.subject]


def _take_back(book: Book, leg: Leg, payee: Account | None) -> None:
    """Take minted coins out of circulation again, from whoever has them or from nobody."""
    program, amount = leg.data.program, leg.data.amount
    clearing = book.clearing(program)
    taken = 0
    if payee is not None and payee.program == program and payee.name != clearing.name:
        taken = max(0, min(amount, payee.available))
    if taken and payee is not None:
        book.move(payee, clearing, taken)
    if rest := amount - taken:
        owed = book.ours(missing_name(program, book.number), "missing", program)
        book.move(owed, clearing, rest)


def _tell(result: Result, data: CorrectionData, _turn: Turn) -> None:
    result.step = data.step
    result.cause = data.leg.id
    result.cause_source = data.leg.source
    result.counterparty = data.account


OURS = (Ours(event=Correction, judge=correct, facts=_tell),)
