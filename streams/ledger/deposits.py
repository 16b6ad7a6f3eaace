"""Deposits: leftover package data deposited in parts, and taken out or given back whole.

A wallet has one deposit, an account of its own. Its first part begins a term; taking everything
out, or its return to the number at the term's end, ends the term, and the next part begins another.
Months are those of the program's calendar.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from streams.events import DepositAdd, DepositCustody, DepositReturn, DepositWithdraw
from streams.events.times import microseconds
from streams.ledger import subjects, tiers
from streams.ledger.accounts import Account, carrier_name, deposit_name, fees_name
from streams.ledger.operation import Operation
from streams.ledger.reserves import issue
from streams.ledger.terms import Saved, packed, saved_of

if TYPE_CHECKING:
    from datetime import datetime

    from streams.ledger.book import Book
    from streams.ledger.turn import Turn
    from streams.programs import Calendar, Deposits
    from streams.programs.compiled import Compiled

_YEAR_0, _MONTHS = 1970, 12


def add(turn: Turn, event: DepositAdd, wallet: Account, program: Compiled) -> str:
    """Issuer to deposit, and the function fee from there to the program's fees."""
    book = turn.book
    rule, amount = _rule(program), event.data.amount
    fee = rule.function_fee.on(amount)
    if fee >= amount:
        return "nothing_left"
    deposit = book.ours(deposit_name(wallet.name), "deposit", program.name)
    reason = issue(turn, deposit, amount, program)
    if reason:
        return reason
    if fee:
        book.move(deposit, _fees(book, program), fee)
    saved = saved_of(deposit.terms)
    if not saved.until_us:
        saved.until_us = microseconds(event.time + timedelta(days=rule.term_days))
        saved.charged = max(saved.charged, month_of(event.time, program.calendar) - 1)
        deposit.terms = packed(saved)
    return ""


def custody(turn: Turn, event: DepositCustody, wallet: Account, program: Compiled) -> str:
    """Deposit to fees: a month's custody fee, once, and at most what is there."""
    book = turn.book
    deposit = _deposit(book, wallet)
    if deposit is None:
        return "no_deposit"
    year, _, number = event.data.month.partition("-")
    month = (int(year) - _YEAR_0) * _MONTHS + int(number) - 1
    saved = saved_of(deposit.terms)
    if month <= saved.charged:
        return "already_charged"
    if month > month_of(event.time, program.calendar):
        return "not_due"
    saved.charged = month
    deposit.terms = packed(saved)
    fee = min(_rule(program).custody_fee.on(deposit.posted), deposit.posted)
    if fee:
        book.move(deposit, _fees(book, program), fee)
    else:
        book.post(deposit)
    _end_if_empty(deposit, saved)
    return ""


def withdraw(turn: Turn, _event: DepositWithdraw, wallet: Account, program: Compiled) -> str:
    """Deposit to wallet: everything."""
    deposit = _deposit(turn.book, wallet)
    if deposit is None:
        return "no_deposit"
    if tiers.is_full(wallet, program, deposit.posted):
        return "over_tier_balance"
    return _pay_all(turn.book, deposit, wallet)


def give_back(turn: Turn, event: DepositReturn, wallet: Account, program: Compiled) -> str:
    """Deposit to carrier, which gives it to the number as data: everything, at the term's end."""
    book = turn.book
    deposit = _deposit(book, wallet)
    if deposit is None:
        return "no_deposit"
    if microseconds(event.time) < saved_of(deposit.terms).until_us:
        return "not_due"
    name = carrier_name(_rule(program).carrier, program.name, book.number)
    return _pay_all(book, deposit, book.ours(name, "carrier", program.name))


def has_deposit(book: Book, wallet: Account) -> bool:
    """Return whether the wallet's owner has anything on deposit."""
    return _deposit(book, wallet) is not None


def month_of(time: datetime, calendar: Calendar) -> int:
    """Return the month that contains `time`, counted from January 1970 as 0."""
    local = calendar.local(time)
    return (local.year - _YEAR_0) * _MONTHS + local.month - 1


def month_name(month: int) -> str:
    """Return a month as `2026-03`, from its number counted from January 1970 as 0."""
    years, months = divmod(month, _MONTHS)
    return f"{_YEAR_0 + years}-{months + 1:02d}"


def _rule(program: Compiled) -> Deposits:
    assert program.deposits is not None, "a program that accepts deposits says how"
    return program.deposits


def _deposit(book: Book, wallet: Account) -> Account | None:
    deposit = book[deposit_name(wallet.name)]
    return deposit if deposit is not None and deposit.posted else None


def _fees(book: Book, program: Compiled) -> Account:
    return book.ours(fees_name(program.name, book.number), "fees", program.name)


def _pay_all(book: Book, deposit: Account, payee: Account) -> str:
    reason = book.pay(deposit, payee, deposit.posted)
    if not reason:
        _end_if_empty(deposit, saved_of(deposit.terms))
    return reason


def _end_if_empty(deposit: Account, saved: Saved) -> None:
    if not deposit.posted:
        saved.until_us = 0
        deposit.terms = packed(saved)


OPERATIONS = (
    Operation(
        event=DepositAdd,
        subject=subjects.open_wallet,
        run=add,
        refusals=("nothing_left", "reserve_exhausted", "balance_limit"),
    ),
    Operation(
        event=DepositCustody,
        subject=subjects.unclosed_wallet,
        run=custody,
        refusals=("no_deposit", "already_charged", "not_due"),
    ),
    Operation(
        event=DepositWithdraw,
        subject=subjects.open_wallet,
        run=withdraw,
        refusals=("no_deposit", "over_tier_balance", "balance_limit"),
    ),
    Operation(
        event=DepositReturn,
        subject=subjects.unclosed_wallet,
        run=give_back,
        refusals=("no_deposit", "not_due", "balance_limit"),
    ),
)
