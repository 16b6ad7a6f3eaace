"""The terms of a new drop, checked: each refusal names the field, the value and the remedy."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING

from console.drops.measurement import Measured
from console.i18n import LocalizedText, Names
from console.reports.basis import LocalizedError
from streams.events import YEAR_MAX

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

NAME_PATTERN = re.compile(r"[a-z0-9][a-z0-9-]{0,47}")
HOLDOUT_MAX = 0.9
EXPLORE_MIN, EXPLORE_MAX = 0.02, 0.5
COINS_MAX = 10**15


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a marketer decides: coins in total, coins each, for whom, and the share held out."""

    name: str
    program: str
    budget: int
    amount: int
    audience: str
    holdout: float
    until: datetime | None = None
    explore: float = EXPLORE_MIN  # share of the people drawn whatever their scores
    measured: Measured = field(default_factory=Measured)  # how its effect is


def check(terms: Terms, programs: Path, now: datetime) -> None:
    """Refuse terms that can't make a drop.

    Args:
        terms: as given.
        programs: folder of the programs' TOML files.
        now: the time of creation, before which no offer begins.

    Raises:
        click.ClickException: naming the first field that is wrong, its value and what to do.
    """
    if not NAME_PATTERN.fullmatch(terms.name):
        raise LocalizedError(
            LocalizedText(
                "name: {name!r} is not a valid name for a drop; use 1 to 48 of a-z, 0-9 and -, not "
                "beginning with -",
                name=terms.name,
            )
        )
    known = sorted(path.stem for path in programs.glob("*.toml"))
    if terms.program not in known:
        raise LocalizedError(
            LocalizedText(
                "program: {program!r} is not one of {known}; name one of them or add its file to "
                "{folder}",
                program=terms.program,
                known=Names(tuple(known)) if known else "-",
                folder=programs,
            )
        )
    if not 1 <= terms.amount <= COINS_MAX:
        raise LocalizedError(
            LocalizedText(
                "amount: {amount:,} is not between 1 and {most:,} coins; give the coins each "
                "person gets",
                amount=terms.amount,
                most=COINS_MAX,
            )
        )
    if not terms.amount <= terms.budget <= COINS_MAX:
        raise LocalizedError(
            LocalizedText(
                "budget: {budget:,} is not between the amount of one grant ({amount:,}) and "
                "{most:,} coins; raise the budget or lower the amount",
                budget=terms.budget,
                amount=terms.amount,
                most=COINS_MAX,
            )
        )
    if not 0 <= terms.holdout <= HOLDOUT_MAX:
        raise LocalizedError(
            LocalizedText(
                "holdout: {holdout:g} is not between 0 and {most}; give a share, for example 0.1 "
                "for one person in ten",
                holdout=terms.holdout,
                most=HOLDOUT_MAX,
            )
        )
    if not EXPLORE_MIN <= terms.explore <= EXPLORE_MAX:
        raise LocalizedError(
            LocalizedText(
                "explore: {explore:g} is not between {least} and {most}; give the share of people "
                "to draw whatever their scores, so that the next model learns of them",
                explore=terms.explore,
                least=EXPLORE_MIN,
                most=EXPLORE_MAX,
            )
        )
    if terms.until is not None:
        check_until(terms.until, now)


def check_until(until: datetime, now: datetime) -> None:
    """Refuse an offer that is over before it begins, or ends later than any event may be.

    Raises:
        click.ClickException: naming both times.
    """
    if until.astimezone(UTC).year > YEAR_MAX:
        raise LocalizedError(
            LocalizedText(
                "until: {until} is after {year}; give an earlier time, or none for an offer "
                "without an end",
                until=until.isoformat(),
                year=YEAR_MAX,
            )
        )
    if until <= now:
        end, at = f"{until:%Y-%m-%d %H:%M:%S} UTC", f"{now:%Y-%m-%d %H:%M:%S} UTC"
        raise LocalizedError(
            LocalizedText(
                "until: the offer would end at {end}, and it is now {now}; give a time in the "
                "future, or none for an offer without an end",
                end=end,
                now=at,
            )
        )
