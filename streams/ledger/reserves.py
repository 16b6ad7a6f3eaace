"""Reserves: what backs a program's coins, and issuing no more than that.

A program bound by its file issues on each partition what the issuer there has leased from the
reserve, and no more. The reserve's coins, and those its issuers have leased, are the ones that may
still be issued; the account `backing` owes them all, issued or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.events import ReserveAdd, ReserveRemove
from streams.ledger.accounts import backing_name, issuer_name, program_reserve_name
from streams.ledger.leases import ask_when_low, lease_to_all, take_back
from streams.ledger.operation import Operation
from streams.ledger.terms import lease_of

if TYPE_CHECKING:
    from streams.ledger.accounts import Account
    from streams.ledger.turn import Turn
    from streams.programs.compiled import Compiled


def issue(turn: Turn, payee: Account, amount: int, program: Compiled) -> str:
    """Issuer to payee; for a program bound to its reserve, at most what was leased here."""
    book = turn.book
    issuer = book.issuer(program.name)
    if not program.is_backed:
        return book.pay(issuer, payee, amount)
    lacks = max(0, amount - issuer.available)
    reason = "reserve_exhausted" if lacks else book.pay(issuer, payee, amount)
    if reason != "balance_limit":
        reserve = program_reserve_name(program.name)
        ask_when_low(turn, issuer, lease_of(issuer.terms), reserve, lacks=lacks)
    return reason


def add(turn: Turn, event: ReserveAdd, reserve: Account | None, program: Compiled) -> str:
    """Backing to the reserve, which leases half of it to the issuers at once."""
    book = turn.book
    if event.subject != program_reserve_name(program.name):
        return "wrong_reserve"
    if reserve is None:
        reserve = book.ours(event.subject, "reserve", program.name)
    amount = event.data.amount
    backing = book.ours(backing_name(program.name, book.number), "backing", program.name)
    reason = book.pay(backing, reserve, amount)
    if not reason:
        issuers = (issuer_name(program.name, number) for number in range(book.partitions))
        lease_to_all(turn, reserve, issuers, amount)
    return reason


def remove(turn: Turn, event: ReserveRemove, account: Account | None, program: Compiled) -> str:
    """Reserve to backing; issuer to reserve: what was leased and not issued."""
    book = turn.book
    reserve = program_reserve_name(program.name)
    if event.subject not in {reserve, issuer_name(program.name, book.number)}:
        return "wrong_reserve"
    if account is None:
        return "unknown_account"
    amount = account.available if event.data.amount is None else event.data.amount
    if not 0 < amount <= account.available:
        return "insufficient_balance"
    if event.subject != reserve:
        return take_back(turn, account, reserve, amount)
    backing = book.ours(backing_name(program.name, book.number), "backing", program.name)
    return book.pay(account, backing, amount)


OPERATIONS = (
    Operation(event=ReserveAdd, run=add, refusals=("wrong_reserve", "balance_limit")),
    Operation(
        event=ReserveRemove,
        run=remove,
        refusals=("wrong_reserve", "unknown_account", "insufficient_balance", "balance_limit"),
    ),
)
