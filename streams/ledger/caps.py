"""Caps: how much a wallet has earned by activities that have a limit.

For each such activity a wallet keeps what it has earned by it since the limit was set and, if a
limit is per day, what it has earned on each day for which an event may still arrive: one within the
window before the partition's clock. A day is one of the program's calendar, by the event's own
time. What is taken back no longer counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from streams.events.times import microseconds
from streams.ledger.recent import COUNTED

if TYPE_CHECKING:
    from streams.events import Earn
    from streams.ledger.accounts import Account
    from streams.ledger.turn import Turn
    from streams.programs.compiled import Compiled


class Earned(msgspec.Struct, array_like=True, gc=False):
    """What a wallet has earned by one activity.

    Attributes:
        coins: in all.
        days: by the day, counted from 1970-01-01.
    """

    coins: int = 0
    days: dict[int, int] = {}


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[str, Earned]).decode


def earned_by(wallet: Account) -> dict[str, Earned]:
    """Return what a wallet has earned by each activity that has a limit."""
    return _decode(wallet.caps) if wallet.caps else {}


def refusal_of(event: Earn, wallet: Account, program: Compiled, amount: int) -> str:
    """Return which limit `amount` more coins would exceed, '' when none."""
    activity = program.earn[event.data.activity]
    earned = earned_by(wallet).get(event.data.activity, Earned())
    if activity.day_max is not None:
        today = earned.days.get(program.calendar.day_of(microseconds(event.time)), 0)
        if today + amount > activity.day_max:
            return "daily_cap"
    if activity.lifetime_max is not None and earned.coins + amount > activity.lifetime_max:
        return "lifetime_cap"
    return ""


def count(turn: Turn, event: Earn, wallet: Account, program: Compiled, amount: int) -> None:
    """Add coins that an event has earned, and note that it counts."""
    name = event.data.activity
    every = earned_by(wallet)
    earned = every.setdefault(name, Earned())
    earned.coins += amount
    calendar = program.calendar
    if program.earn[name].day_max is not None:
        day = calendar.day_of(microseconds(event.time))
        earned.days[day] = earned.days.get(day, 0) + amount
    first = calendar.day_of(turn.book.clock_us - turn.rules.window_us)
    earned.days = {day: coins for day, coins in sorted(earned.days.items()) if day >= first}
    wallet.caps = _encode(every)
    turn.undo |= COUNTED


def uncount(turn: Turn, wallet: Account, activity: str, time_us: int, amount: int) -> None:
    """Take off coins of an event of that time (microseconds) that counted."""
    every = earned_by(wallet)
    earned = every.get(activity)
    if earned is None:
        return
    earned.coins = max(0, earned.coins - amount)
    day = turn.rulebook.calendar(wallet.program, time_us).day_of(time_us)
    if day in earned.days:
        earned.days[day] = max(0, earned.days[day] - amount)
    wallet.caps = _encode(every)
