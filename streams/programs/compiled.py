"""Compiled programs: what the fold reads of a program's file, resolved and computed beforehand.

The file's own types (`entries.py`) say what may be written and where it comes from; nothing here
does.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping  # noqa: TC003 - a struct's fields are looked up
from typing import TYPE_CHECKING

import msgspec

from streams.programs.entries import (  # noqa: TC001 - likewise
    Activity,
    Calendar,
    Carrier,
    Deposits,
    Item,
    Partner,
    RewardRule,
    Verification,
)

if TYPE_CHECKING:
    from datetime import datetime

    from streams.programs.entries import Program


class Compiled(msgspec.Struct, frozen=True, kw_only=True):
    """A program as it judges the events of one period.

    Attributes:
        name: the program's.
        open: the operations that are.
        calendar: whose days and months count.
        earn: activities by name.
        carriers: those at which coins may be redeemed, by name.
        plain: those of them at which any number of coins may be redeemed at any time: 1 where a
            coin is a megabyte, 0 where there is no price per megabyte.
        catalogue: what coins buy, by name.
        partners: those whose points are exchanged, by name.
        rewards: what campaigns may give for conversions, by name.
        tiers: the verification tiers that bind, by what an account has for them ('' for `none`).
        deposits: how package data is deposited.
        expiry_days: how long coins are valid; 0 for ever.
        is_backed: coins are issued only against the program's reserve.
        is_closed_on_last_day: nothing is redeemed on a month's last day.
    """

    name: str
    open: frozenset[str]
    calendar: Calendar
    earn: Mapping[str, Activity]
    carriers: Mapping[str, Carrier]
    plain: dict[str, int]
    catalogue: Mapping[str, Item]
    partners: Mapping[str, Partner]
    rewards: Mapping[str, RewardRule]
    tiers: dict[str, Verification]
    deposits: Deposits | None
    expiry_days: int
    is_backed: bool
    is_closed_on_last_day: bool

    def may_redeem_on(self, time: datetime) -> bool:
        """Return whether coins may be redeemed at all on the day that has `time`."""
        return not (self.is_closed_on_last_day and self.calendar.is_last_day(time))


class Periods(msgspec.Struct, frozen=True):
    """A program from its beginning.

    Attributes:
        only: the program, when its rules have no dates.
        starts: else the times (microseconds since 1970) at which they change.
        each: before the first of these, and from each on.
    """

    only: Compiled | None
    starts: tuple[int, ...]
    each: tuple[Compiled, ...]

    def at(self, time_us: int) -> Compiled:
        """Return the program in force at a time (microseconds since 1970)."""
        return self.each[bisect_right(self.starts, time_us)]


def compiled(program: Program) -> Periods:
    """Return a program's rules, from the beginning and with every change, for the fold."""
    each = (_compiled(program), *(_compiled(later.program) for later in program.later))
    starts = tuple(later.from_us for later in program.later)
    return Periods(None if starts else each[0], starts, each)


def tiers_of(program: Program) -> dict[str, Verification]:
    """Return the verification tiers that bind: those that exist while `verify` is open."""
    bind = program.verification if "verify" in program.operations.open else {}
    return {"" if name == "none" else name: tier for name, tier in bind.items()}


def _compiled(program: Program) -> Compiled:
    is_closed = program.redemption is not None and not program.redemption.on_last_day
    plain = {
        name: carrier.coins_per_mb or 0
        for name, carrier in program.carriers.items()
        if carrier.is_plain and not is_closed
    }
    return Compiled(
        name=program.name,
        open=program.operations.open,
        calendar=program.calendar,
        earn=program.earn,
        carriers=program.carriers,
        plain=plain,
        catalogue=program.catalogue,
        partners=program.partners,
        rewards=program.rewards,
        tiers=tiers_of(program),
        deposits=program.deposits,
        expiry_days=(program.expiry and program.expiry.days) or 0,
        is_backed=program.reserve is not None,
        is_closed_on_last_day=is_closed,
    )
