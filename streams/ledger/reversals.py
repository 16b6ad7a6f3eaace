"""Reversals: an applied event taken back, its coins returned to where they came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.events import OPERATION, Earn, Grant, PointsIn, PointsOut, Redeem, Reverse, Transfer
from streams.events.identity import event_key
from streams.events.times import microseconds
from streams.ledger import caps, subjects, tiers
from streams.ledger.accounts import budget_name, carrier_name
from streams.ledger.budgets import tell_campaign
from streams.ledger.holds import hold_of
from streams.ledger.operation import Facts, Operation
from streams.ledger.points import account_of, tell_points
from streams.ledger.recent import digest_of, entry_at, find, mark
from streams.ledger.redemptions import tell_redeem
from streams.ledger.refusals import REVERSED, REVERSING, UNANSWERED
from streams.ledger.results import ASKED
from streams.ledger.waiting import bring_back, pay_back
from streams.ledger.wallets import tell_earn, tell_transfer

if TYPE_CHECKING:
    from streams.events import Original, ReverseData
    from streams.ledger.accounts import Account
    from streams.ledger.book import Book
    from streams.ledger.recent import Entry
    from streams.ledger.results import Result
    from streams.ledger.turn import Turn
    from streams.programs.compiled import Compiled


def reverse(turn: Turn, event: Reverse, wallet: Account, program: Compiled) -> str:
    """Take back an event that the wallet remembers as applied, and mark it."""
    original = event.data.original
    if original.subject != event.subject or original.data.program != program.name:
        return "unknown_original"
    key = event_key(original.source, original.id)
    at, time_us = find(wallet.recent, key), microseconds(original.time)
    if at < 0:
        first_us = max(wallet.forgotten_us + 1, turn.book.clock_us - turn.rules.window_us)
        return "unknown_original" if time_us >= first_us else "forgotten_original"
    entry = entry_at(wallet.recent, at)
    if entry.content != digest_of(OPERATION[type(original)], time_us, original.data):
        return "unknown_original"
    if entry.code in {UNANSWERED, REVERSING}:
        return "not_answered"
    if entry.code == REVERSED:
        return "already_reversed"
    if entry.code:  # refused, or its coins are free again
        return "unknown_original"
    if hold_of(wallet, key) is not None:
        return "not_settled"
    reason = _take_back(turn, original, wallet, entry)
    if not reason and entry.is_counted:
        _uncount(turn, original, wallet, entry)
    if not reason or reason == ASKED:
        mark(wallet, at, REVERSING if reason else REVERSED)
    return reason


def _take_back(turn: Turn, original: Original, wallet: Account, entry: Entry) -> str:
    """Move what the event moved; how many coins an earn gave is remembered where it doesn't say."""
    book = turn.book
    amount, program = original.data.amount or entry.coins, wallet.program
    if isinstance(original, Earn):
        return _pay(book, wallet, book.issuer(program), amount)
    if isinstance(original, Grant):
        name = budget_name(original.data.campaign, book.number)
        return _pay(book, wallet, book.ours(name, "budget", program), amount)
    if isinstance(original, Redeem):
        name = carrier_name(original.data.carrier, program, book.number)
        return pay_back(turn, book.ours(name, "carrier", program), wallet, amount)
    if isinstance(original, PointsIn):
        return _pay(book, wallet, account_of(book, original.data.partner, program), amount)
    if isinstance(original, PointsOut):
        bring_back(turn, account_of(book, original.data.partner, program), wallet.name, amount)
        return ""
    # Whether its payee has the coins is decided where they are, even when that is here.
    asker = book.key.hex()
    turn.send("reverse_ask", original.data.to, wallet.name, amount, asker=asker)
    turn.amount = amount
    return ASKED


def _uncount(turn: Turn, original: Original, wallet: Account, entry: Entry) -> None:
    """Stop counting an event that was taken back against any limit."""
    amount = original.data.amount or entry.coins
    if isinstance(original, Earn):
        caps.uncount(turn, wallet, original.data.activity, entry.time_us, amount)
    else:
        tiers.uncount(turn, wallet, entry.time_us, amount)


def _pay(book: Book, payer: Account, payee: Account, amount: int) -> str:
    return "insufficient_balance" if payer.available < amount else book.pay(payer, payee, amount)


def _tell(result: Result, data: ReverseData, turn: Turn) -> None:
    original = data.original
    ORIGINALS[type(original)](result, original.data, turn)
    result.cause = original.id
    result.cause_source = original.source


# What a result says of the event that is taken back: all that `Original` has.
ORIGINALS: dict[type, Facts] = {
    Earn: tell_earn,
    Grant: tell_campaign,
    Redeem: tell_redeem,
    Transfer: tell_transfer,
    PointsIn: tell_points,
    PointsOut: tell_points,
}

OPERATIONS = (
    Operation(
        event=Reverse,
        subject=subjects.any_wallet,
        run=reverse,
        facts=_tell,
        refusals=(
            "unknown_original",
            "forgotten_original",
            "not_answered",
            "already_reversed",
            "not_settled",
            "insufficient_balance",
            "balance_limit",
        ),
    ),
)
