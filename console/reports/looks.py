"""A campaign's arms day by day, and how its effects are read while it runs.

What has a planned end is read group-sequentially, by the days that have passed of those planned;
what has none is read once. The design that was recorded before launch, where one was, goes before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from console.i18n import LocalizedText
from console.reports.basis import NoReportError, utc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.reports.basis import QueryLog
    from features.statistics.arms import Mean, Proportion
    from features.statistics.reading import Reading, Seen

Sums = Mapping[str, Any]  # a row of reports/arms
Design = Literal["fixed", "group-sequential", "always-valid"]

DESIGNS: tuple[Design, ...] = ("fixed", "group-sequential", "always-valid")
GOALS = {"visits": "visit_rate", "conversions": "conversion_rate", "value": "value_per_person"}
COUNTED = {
    "visit_rate": "visits",
    "conversion_rate": "conversions",
    "value_per_person": "conversions",
}
DAY = timedelta(days=1)
LOOKS_MAX = 60  # of a planned time; a longer one is decided every second day, or third, ...

SUMMED = (
    *("people", "visits", "conversions", "conversions_valued"),
    *("value_cents", "value_cents_squared"),
)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """When a campaign's effects are read, and by which design."""

    design: Design
    goal: str | None  # the metric that decides; none where no description says
    begin: datetime | None  # the first assignment
    end: datetime | None  # planned; none where nothing says
    known_until: datetime  # the latest event there is
    day: int  # of the campaign, from 1 on
    days: int | None  # planned
    over: bool  # the planned end has come, or there is none and it is read once
    words: LocalizedText


def plan(log: QueryLog, campaign: str, design: str | None) -> Plan:
    """Return what is planned of the campaign, and the design by which it is read.

    Args:
        log: of the report.
        campaign: its name.
        design: the one asked for; by default the one that fits what is planned.

    Raises:
        NoReportError: when there is no such design, or it needs an end and there is none.
    """
    (row,) = log.rows("reports/campaign_plan", campaign=campaign)
    begin, end = utc(row["begin"]), utc(row["end"])
    until = row["known_until"].replace(tzinfo=UTC)
    if begin is None or (end is not None and end <= begin):
        end = None
    chosen = _design(design, end)
    now = min(until, end) if end is not None and chosen == "group-sequential" else until
    return Plan(
        design=chosen,
        goal=GOALS.get(row["goal"]),
        begin=begin,
        end=end,
        known_until=until,
        day=1 if begin is None else max(1, math.ceil((now - begin) / DAY)),
        days=None if begin is None or end is None else math.ceil((end - begin) / DAY),
        over=end is not None and until >= end if chosen != "fixed" else end is None or until >= end,
        words=_words(chosen),
    )


def _design(asked: str | None, end: datetime | None) -> Design:
    if asked is None:
        return "fixed" if end is None else "group-sequential"
    for one in DESIGNS:
        if one == asked:
            if one == "group-sequential" and end is None:
                raise NoReportError(
                    LocalizedText(
                        "design: {design} needs a planned end, and no description or offer of the "
                        "campaign gives one; use {other}",
                        design=asked,
                        other="always-valid",
                    )
                )
            return one
    raise NoReportError(
        LocalizedText(
            "design: {design} is none; use fixed, group-sequential or always-valid",
            design=repr(asked),
        )
    )


def _words(design: Design) -> LocalizedText:
    if design == "group-sequential":
        return LocalizedText(
            "Evaluated group-sequentially: the intervals allow for a look on every day up to the "
            "planned end, so results may be looked at every day."
        )
    if design == "always-valid":
        return LocalizedText(
            "Evaluated by a confidence sequence: the intervals hold at any time, however often "
            "one looks."
        )
    return LocalizedText(
        "Evaluated once: the intervals hold at a time that was chosen before, not at the best of "
        "many looks."
    )


def by_day(log: QueryLog, campaign: str, found: Plan) -> list[dict[str, Sums]]:
    """Return the arms by name as they were at each day's end, up to now or the planned end.

    What comes later decides nothing: to look on after the end, day by day, would be one look too
    many each.
    """
    totals: dict[str, dict[str, Any]] = {}
    days: list[dict[str, Sums]] = []
    rows = sorted(
        log.rows("reports/arms_by_day", campaign=campaign), key=lambda row: (row["day"], row["arm"])
    )
    waiting = list(reversed(rows))
    for day in range(found.day):
        while waiting and waiting[-1]["day"] <= day:
            row = waiting.pop()
            total = totals.setdefault(row["arm"], dict.fromkeys(SUMMED, 0) | {"arm": row["arm"]})
            for key in SUMMED:
                total[key] += row[key]
        days.append({arm: dict(total) for arm, total in totals.items()})
    return days


def readings(
    days: Sequence[Mapping[str, Sums]],
    control: str,
    arms: Sequence[str],
    metrics: Sequence[str],
    found: Plan,
) -> dict[tuple[str, str], Reading]:
    """Return how each arm's metric is read, by both; none where an arm has hardly any people.

    If the campaign says which metric is its goal, that metric's arms are one family (Holm).
    """
    from features.statistics.contrast import ALPHA
    from features.statistics.multiple import holm_levels
    from features.statistics.reading import read_looks

    looked = {
        (arm, metric): _seen(days, arm, control, metric, found)
        for arm in arms
        for metric in metrics
    }
    looked = {key: one for key, one in looked.items() if one}
    levels = dict.fromkeys(looked, ALPHA)
    family = [key for key in looked if key[1] == found.goal]
    tests = [
        lambda level, key=key: read_looks(looked[key], found.design, level).found != 0
        for key in family
    ]
    levels.update(zip(family, holm_levels(tests, ALPHA), strict=True))
    return {key: read_looks(one, found.design, levels[key]) for key, one in looked.items()}


def _seen(
    days: Sequence[Mapping[str, Sums]], arm: str, control: str, metric: str, found: Plan
) -> list[Seen]:
    """Return both arms at each day on which both had people."""
    from features.statistics.reading import Seen

    looked = []
    step = math.ceil((found.days or 1) / LOOKS_MAX) if found.design == "group-sequential" else 1
    for number, arms in enumerate(days, 1):
        if number % step and number not in {1, found.days}:
            continue
        both = [arms[name] for name in (arm, control) if name in arms]
        if len(both) == 2 and all(one["people"] > 1 for one in both):  # noqa: PLR2004
            treated, base = (_statistic(metric, one) for one in both)
            did = sum(one[COUNTED[metric]] for one in both)
            share = min(1.0, number / found.days) if found.days else 1.0
            looked.append(Seen(treated, base, did, share))
    return looked


def _statistic(metric: str, row: Sums) -> Proportion | Mean:
    from features.statistics.arms import Mean, Proportion

    if metric == "value_per_person":
        return Mean(row["people"], row["value_cents"], row["value_cents_squared"])
    return Proportion(row[COUNTED[metric]], row["people"])
