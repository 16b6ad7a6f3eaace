"""Tiers: what a wallet may hold and give away, by how well its owner is known.

A wallet keeps its tier and, where tiers bind, the coins that left it by gifts, packets and
redemptions on each day for which an event may still arrive. A day is one of the program's calendar,
by the event's own time. What comes back because it was taken back, or never arrived, no longer
counts; what comes back to its owner counts against no limit.

Tiers bind while a program offers `verify`: where nobody can be verified they are only a statement.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from streams.ledger.recent import COUNTED

if TYPE_CHECKING:
    from streams.ledger.accounts import Account
    from streams.ledger.turn import Turn
    from streams.programs import Calendar
    from streams.programs.compiled import Compiled

# A day, counted from 1970-01-01, and coins.
_DAY = struct.Struct("<iQ")
_pack, _unpack = _DAY.pack, _DAY.unpack


def refusal_of(turn: Turn, wallet: Account, program: Compiled, amount: int) -> str:
    """Return which limit `amount` coins that leave the wallet would exceed, '' when none."""
    tier = program.tiers.get(wallet.tier)
    if tier is None:
        return ""
    if tier.transaction_max is not None and amount > tier.transaction_max:
        return "over_tier_transaction"
    if tier.day_max is None:
        return ""
    spent = _on(wallet.spent, program.calendar.day_of(turn.time_us)) if wallet.spent else 0
    return "over_tier_day" if spent + amount > tier.day_max else ""


def is_full(wallet: Account | None, program: Compiled, amount: int) -> bool:
    """Return whether `amount` more coins are more than the wallet may hold.

    Nothing is known of one that is not here.
    """
    if wallet is None:
        return False
    tier = program.tiers.get(wallet.tier)
    return (
        tier is not None
        and tier.balance_max is not None
        and wallet.posted + amount > tier.balance_max
    )


def spent_by(wallet: Account) -> dict[int, int]:
    """Return the coins that left a wallet by day, counted from 1970-01-01."""
    return dict(_DAY.iter_unpack(wallet.spent))


def count(turn: Turn, wallet: Account, program: Compiled, amount: int) -> None:
    """Add coins that have left the wallet, whatever its tier: that may change on the same day."""
    if program.tiers:
        _add(turn, wallet, program.calendar, turn.time_us, amount)
        turn.undo |= COUNTED


def uncount(turn: Turn, wallet: Account, time_us: int, amount: int) -> None:
    """Take off coins that have come back of an event of that time (microseconds) that counted."""
    if wallet.spent:
        calendar = turn.rulebook.calendar(wallet.program, time_us)
        _add(turn, wallet, calendar, time_us, -amount)
        turn.book.keep(wallet)


def _on(spent: bytes, day: int) -> int:
    if len(spent) == _DAY.size:
        only, coins = _unpack(spent)
        return int(coins) if only == day else 0
    return int(dict(_DAY.iter_unpack(spent)).get(day, 0))


def _add(turn: Turn, wallet: Account, calendar: Calendar, time_us: int, amount: int) -> None:
    day, spent = calendar.day_of(time_us), wallet.spent
    only, coins = _unpack(spent) if len(spent) == _DAY.size else (day, 0)
    if only == day and len(spent) <= _DAY.size:  # as it mostly is: this is a hot place
        coins += amount
        wallet.spent = _pack(day, coins) if coins > 0 else b""
        return
    days = spent_by(wallet)
    days[day] = max(0, days.get(day, 0) + amount)
    first = calendar.day_of(turn.book.clock_us - turn.rules.window_us)
    kept = ((day, coins) for day, coins in sorted(days.items()) if coins and day >= first)
    wallet.spent = b"".join(_pack(*one) for one in kept)
