"""How a drop's effect is measured: chosen and recorded before launch, and never changed after."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from console.i18n import LocalizedText, Names
from console.reports.basis import LocalizedError
from console.reports.looks import DESIGNS
from console.reports.metrics import chosen
from streams.events import YEAR_MAX

if TYPE_CHECKING:
    from datetime import datetime

GOALS = ("conversion_rate",)  # where none is chosen
TUNED_AT = 1_000  # likewise
COUNT_MAX = 10**10
LIFT_MAX = 100
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What is chosen of how a drop is measured; what is left out has a default."""

    design: str | None = None
    goals: str | None = None  # metrics with commas between; likewise below
    guardrails: str | None = None
    planned_end: datetime | None = None
    tuned_at: int | None = None
    smallest_lift: float | None = None


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """How a drop is measured, as it is recorded."""

    design: str
    goals: list[str]
    guardrails: list[str]
    planned_end: datetime | None
    tuned_at: int
    smallest_lift: float | None


def settled(asked: Measured, until: datetime | None, now: datetime) -> Measurement:
    """Return how a drop is measured.

    Args:
        asked: what was chosen.
        until: when the drop's offer ends, which is the planned end where none is chosen.
        now: when it is chosen.

    Raises:
        click.ClickException: naming the first field that is wrong, its value and what to do.
    """
    end = asked.planned_end or until
    design = asked.design or ("always-valid" if end is None else "group-sequential")
    _check(asked, design, end, now)
    goals = chosen("goals", asked.goals) or GOALS
    guardrails = chosen("guardrails", asked.guardrails)
    for name in guardrails:
        if name in goals:
            raise LocalizedError(
                LocalizedText("guardrails: {name} is a goal metric, too; name it once", name=name)
            )
    return Measurement(
        design=design,
        goals=list(goals),
        guardrails=list(guardrails),
        planned_end=end,
        tuned_at=TUNED_AT if asked.tuned_at is None else asked.tuned_at,
        smallest_lift=asked.smallest_lift,
    )


def _check(asked: Measured, design: str, end: datetime | None, now: datetime) -> None:
    if design not in DESIGNS:
        raise LocalizedError(
            LocalizedText(
                "design: {design} is none; use {known}",
                design=repr(design),
                known=Names(DESIGNS, last="or"),
            )
        )
    if design == "group-sequential" and end is None:
        raise LocalizedError(
            LocalizedText(
                "design: group-sequential needs a planned end; give one with --planned-end or "
                "--until, or choose always-valid"
            )
        )
    if end is not None and (end <= now or end.astimezone(UTC).year > YEAR_MAX):
        raise LocalizedError(
            LocalizedText(
                "planned_end: {end} is not between now and {year}; give a time in the future",
                end=end.isoformat(),
                year=YEAR_MAX,
            )
        )
    if asked.tuned_at is not None and not 1 <= asked.tuned_at <= COUNT_MAX:
        raise LocalizedError(
            LocalizedText(
                "tuned_at: {n:,} is not between 1 and {most:,}; give how many people will have "
                "done it when you expect to decide",
                n=asked.tuned_at,
                most=COUNT_MAX,
            )
        )
    lift = asked.smallest_lift
    if lift is not None and not (math.isfinite(lift) and 0 < lift <= LIFT_MAX):
        raise LocalizedError(
            LocalizedText(
                "smallest_lift: {lift:g} is not above 0 and at most {most}; give a share, for "
                "example 0.1 for one more in ten",
                lift=lift,
                most=LIFT_MAX,
            )
        )


def detail(found: Measurement) -> dict[str, Any]:
    """Return what is recorded, for the audit log."""
    end = found.planned_end
    return {**asdict(found), "planned_end": end.isoformat() if end else None}


def days(planned_end: datetime | None, now: datetime) -> int | None:
    """Return how many days are planned from `now`, begun ones included; none without an end."""
    return None if planned_end is None else max(1, math.ceil((planned_end - now) / DAY))
