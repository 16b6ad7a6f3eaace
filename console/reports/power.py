"""The report of power: what a drop to an audience could show, before it is made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from console.i18n import N_, LocalizedText
from console.reporting.figures import NONE, money, percent, points, signed_money
from console.reporting.figures import lift as signed_lift
from console.reporting.report import Parameter, Report, Row, Table, plain
from console.reports.basis import NoReportError, Query, QueryLog
from console.reports.days import SPAN
from console.reports.foreseen import LIFT, PAST_DAYS, QUERIES, Asked, Foreseen, audience, foreseen
from console.reports.looks import DESIGNS
from console.reports.metric_names import CSV_METRICS, NAMES
from console.reports.metrics import METRICS, chosen
from console.reports.of_an_audience import OF_AN_AUDIENCE

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

HOLDOUT_MAX = 0.9
LIFT_MAX = 100
BASIS = LocalizedText(
    "From the audience's own past: how many of its people did it, and what they bought, in as many "
    "of the days just passed as are planned. If everyone in the audience is taken, and nobody is "
    "left out for consent or budget, the arms have these sizes."
)


@dataclass(frozen=True, kw_only=True)
class PowerReport:
    """What a drop to an audience could show."""

    audience: str
    program: str
    design: str
    holdout: float
    as_of: datetime  # the past is before it
    metrics: tuple[Foreseen, ...]
    words: tuple[LocalizedText, ...]  # the same in words
    queries: tuple[Query, ...]


def power(  # noqa: PLR0913, PLR0917 - as many as its command has
    client: Client,
    name: str,
    program: str,
    holdout: float = 0.1,
    days: int = 28,
    lift: float = LIFT,
    design: str = "group-sequential",
    goals: str | None = None,
    as_of: str | None = None,
) -> PowerReport:
    """Return what a drop to the frozen audience `name` could show.

    Args:
        client: of the warehouse.
        name: of the audience.
        program: whose audience it is.
        holdout: the share held out.
        days: planned.
        lift: to be found, a share.
        design: by which effects will be read.
        goals: metrics with commas between, which share the risk of an error.
        as_of: a time in ISO 8601; now, if there is none.

    Raises:
        NoReportError: when there is no such audience, design or metric, or a number is impossible.
    """
    _check(holdout, days, lift, design)
    at = _time(as_of)
    log = QueryLog(client)
    _, people = audience(log, program, name)
    held = round(holdout * people)
    asked = Asked(
        program=program,
        audience=name,
        treated=people - held,
        control=held,
        days=days,
        lift=lift,
        design=design,
        tuned_at=None,
        metrics=chosen("goals", goals) or ("conversion_rate",),
    )
    found = foreseen(log, asked, at)
    words = [one.words for one in found]
    if any(one.base is None for one in found):
        words.append(
            LocalizedText(
                "The past looked at is that before {at}. If what these people did is older, give "
                "as_of, a time just after it.",
                at=at.strftime("%Y-%m-%d %H:%M"),
            )
        )
    return PowerReport(
        audience=name,
        program=program,
        design=design,
        holdout=holdout,
        as_of=at,
        metrics=found,
        words=tuple(words),
        queries=log.asked,
    )


def _time(text: str | None) -> datetime:
    if not text:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        found = datetime.min.replace(tzinfo=UTC)
    if SPAN[0] <= found.date() <= SPAN[1]:
        return found
    raise NoReportError(
        LocalizedText(
            "as_of: {text} is not a time from 1970 to 2149; give one such as 2026-11-01 or "
            "2026-11-01T12:00",
            text=repr(text),
        )
    )


def _check(holdout: float, days: int, lift: float, design: str) -> None:
    if not 0 < holdout <= HOLDOUT_MAX:
        raise NoReportError(
            LocalizedText(
                "holdout: {holdout:g} is not above 0 and at most {most}; without people held out "
                "nothing can be shown",
                holdout=holdout,
                most=HOLDOUT_MAX,
            )
        )
    if not 1 <= days <= PAST_DAYS:
        raise NoReportError(
            LocalizedText(
                "days: {days} is not between 1 and {most}; that much of the past is looked at",
                days=days,
                most=PAST_DAYS,
            )
        )
    if not 0 < lift <= LIFT_MAX:
        raise NoReportError(
            LocalizedText(
                "lift: {lift:g} is not above 0 and at most {most}; give a share, for example 0.1",
                lift=lift,
                most=LIFT_MAX,
            )
        )
    if design not in DESIGNS:
        raise NoReportError(
            LocalizedText(
                "design: {design} is none; use fixed, group-sequential or always-valid",
                design=repr(design),
            )
        )


def _rows(found: PowerReport) -> list[Row]:
    """Return one row per metric; one of money has cents in its name."""
    return [
        {**plain(one), "metric": CSV_METRICS.get(one.metric, one.metric)} for one in found.metrics
    ]


def _to_person(row: Row) -> Row:
    """Return what a person needs: the metric by its name, figures in its unit."""
    metric = row["metric"].removesuffix("_cents")
    least = row["smallest_difference"]
    is_rate = METRICS[metric].is_rate
    smallest = f"{points(least)} pts" if is_rate else signed_money(least)
    return {
        "metric": NAMES[metric],
        "base": percent(row["base"]) if is_rate else money(row["base"]),
        "smallest_difference": NONE if least is None else smallest,
        "smallest_lift": NONE if least is None else signed_lift(row["smallest_lift"]),
        "lift": signed_lift(row["lift"]),
        "power": percent(row["power"], 0),
        **{key: row[key] for key in ("days_needed", "active_a_day")},
    }


REPORT = Report(
    name="power",
    help=N_(
        "Show what a drop to a frozen AUDIENCE could show: power, smallest effect, days needed."
    ),
    example="flowdrop report power redeemers --program liuliangbao --holdout 0.1 --days 28",
    parameters=(
        Parameter(name="audience"),
        Parameter(name="program", help="Whose audience it is.", option=True, asked_for=True),
        Parameter(
            name="holdout",
            metavar="SHARE",
            help="Share of people held out at random.",
            option=True,
            kind=float,
            default=0.1,
        ),
        Parameter(
            name="days",
            help="Days planned, 90 at most.",
            option=True,
            kind=int,
            default=28,
        ),
        Parameter(
            name="lift",
            metavar="SHARE",
            help="The lift to be found: 0.1 is one more in ten.",
            option=True,
            kind=float,
            default=LIFT,
        ),
        Parameter(
            name="design",
            help="How effects will be read: fixed, group-sequential or always-valid.",
            option=True,
            default="group-sequential",
        ),
        Parameter(
            name="goals",
            metavar="METRICS",
            help="The metrics that decide, with commas between (default: conversion_rate).",
            option=True,
        ),
        Parameter(
            name="as_of",
            metavar="TIME",
            help="The past is before TIME (default: now).",
            option=True,
        ),
    ),
    queries=QUERIES,
    compute=power,
    result=PowerReport,
    tables=(
        Table(
            title=N_("Power"),
            row="one row per metric",
            rows=_rows,
            columns=("metric",),
            heads={
                "active_a_day": N_("active people a day"),
                "base": N_("in the past"),
                "smallest_difference": N_("smallest difference"),
                "smallest_lift": N_("smallest lift"),
                "lift": N_("lift"),
                "power": N_("power"),
                "days_needed": N_("days needed"),
                "metric": N_("metric"),
            },
            words=frozenset({"metric"}),
            to_person=_to_person,
        ),
    ),
    title=lambda found: found.audience,
    sentences=lambda found: (*found.words, BASIS),
    loads=("features.statistics.foresight", "features.statistics.group_sequential"),
    protection=OF_AN_AUDIENCE,
)
