"""Holds: coins of a wallet kept for a carrier or a merchant until it has delivered.

A hold carries the name of the event that made it, so that a name still carried by a hold is refused
even when the wallet no longer remembers that event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.events.identity import event_key
from streams.ledger import tiers
from streams.ledger.recent import entry_at, find, mark
from streams.ledger.refusals import RELEASED
from streams.ledger.terms import HOLDS_MAX, Hold, holds_of, packed

if TYPE_CHECKING:
    from streams.ledger.accounts import Account
    from streams.ledger.turn import Turn


def hold(turn: Turn, wallet: Account, amount: int, payee: str, until_us: int = 0) -> str:
    """Hold coins of the wallet for `payee`, by the current event."""
    book = turn.book
    holds = holds_of(wallet.terms)
    if any(own.key == book.key for own in holds):
        return "id_in_use"
    if len(holds) >= HOLDS_MAX:
        return "too_many_holds"
    if wallet.available < amount:
        return "insufficient_balance"
    holds.append(Hold(book.key, amount, payee, until_us, turn.event.source))
    wallet.terms = packed(holds)
    wallet.pending += amount
    turn.amount = amount
    book.post(wallet)
    return ""


def hold_of(wallet: Account, key: bytes) -> Hold | None:
    """Return the hold of the event of that `event_key`."""
    return next((hold for hold in holds_of(wallet.terms) if hold.key == key), None)


def holds_meant(wallet: Account, event_id: str, source: str | None) -> list[Hold]:
    """Return the holds of events of that id, and of that source if one is given."""
    holds = holds_of(wallet.terms)
    return [
        hold
        for hold in holds
        if hold.source == (source or hold.source) and hold.key == event_key(hold.source, event_id)
    ]


def pay_out(turn: Turn, wallet: Account, hold: Hold, payee: Account) -> str:
    """Pay the held coins to `payee`."""
    if not turn.book.may_pay(wallet, payee, hold.amount):
        return "balance_limit"
    _end(turn, wallet, hold)
    turn.book.move(wallet, payee, hold.amount)
    return ""


def give_back(turn: Turn, wallet: Account, hold: Hold) -> str:
    """Free the held coins; the event that held them can't be reversed any more."""
    _end(turn, wallet, hold)
    turn.book.post(wallet)
    at = find(wallet.recent, hold.key)
    if at >= 0 and not (entry := entry_at(wallet.recent, at)).code:  # else another, refused since
        if entry.is_counted:
            tiers.uncount(turn, wallet, entry.time_us, hold.amount)
        mark(wallet, at, RELEASED)
    return ""


def _end(turn: Turn, wallet: Account, hold: Hold) -> None:
    wallet.terms = packed([own for own in holds_of(wallet.terms) if own.key != hold.key])
    wallet.pending -= hold.amount
    turn.amount = hold.amount
