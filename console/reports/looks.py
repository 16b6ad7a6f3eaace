"""A campaign's arms day by day, and how its effects are read while it runs.

The design and the goal metrics that were recorded before launch apply. Where none were, what has a
planned end is read group-sequentially, by the days that have passed of those planned, and what has
none is read once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from console.i18n import LocalizedText
from console.reports.basis import NoReportError, utc
from console.reports.metrics import METRICS, USUAL, chosen, statistic
from console.reports.recorded import Recorded, departures, recorded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.reports.basis import QueryLog
    from console.reports.purchases import Purchases
    from features.statistics.reading import Reading, Seen

Sums = Mapping[str, Any]  # a row of reports/arms
Design = Literal["fixed", "group-sequential", "always-valid"]

DESIGNS: tuple[Design, ...] = ("fixed", "group-sequential", "always-valid")
GOALS = {"visits": "visit_rate", "conversions": "conversion_rate", "value": "value_per_person"}
DAY = timedelta(days=1)
LOOKS_MAX = 60  # of a planned time; a longer one is decided every second day, or third, ...

SUMMED = (
    *("people", "visits", "conversions", "conversions_valued"),
    *("conversions_valued_squared", "value_valued"),
    *("value_cents", "value_cents_squared"),
)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """When a campaign's effects are read, and by which design."""

    design: Design
    goals: tuple[str, ...]  # the metrics that decide; none where nothing says
    guardrails: tuple[str, ...]  # those that must not be harmed
    metrics: tuple[str, ...]  # all that are read
    recorded: Recorded | None  # what was recorded before launch
    departures: tuple[LocalizedText, ...]  # from what was recorded
    tuning: float  # N* of an always-valid reading: people who did it
    begin: datetime | None  # the first assignment
    end: datetime | None  # planned; none where nothing says
    known_until: datetime  # the latest event there is
    day: int  # of the campaign, from 1 on
    days: int | None  # planned
    over: bool  # the planned end has come, or there is none and it is read once
    words: LocalizedText


def plan(
    log: QueryLog,
    campaign: str,
    design: str | None,
    goals: str | None = None,
    guardrails: str | None = None,
) -> Plan:
    """Return what is planned of the campaign, and the design by which it is read.

    Args:
        log: of the report.
        campaign: its name.
        design: the one asked for; by default that which was recorded, or fits what is planned.
        goals: names of metrics, likewise.
        guardrails: names of metrics, likewise.

    Raises:
        NoReportError: when there is no such design or metric, or it needs an end and there is none.
    """
    from features.statistics.reading import TUNING

    (row,) = log.rows("reports/campaign_plan", campaign=campaign)
    begin, end = utc(row["begin"]), utc(row["end"])
    until = row["known_until"].replace(tzinfo=UTC)
    if begin is None or (end is not None and end <= begin):
        end = None
    said = recorded(row)
    read = _design(design or _recorded_design(said, end), end)
    decide, guard = _metrics(said, goals, guardrails, GOALS.get(row["goal"]))
    now = min(until, end) if end is not None and read == "group-sequential" else until
    return Plan(
        design=read,
        goals=decide,
        guardrails=guard,
        metrics=_shown(decide, guard, asked=bool(goals or guardrails)),
        recorded=said,
        departures=departures(said, read, decide, guard),
        tuning=TUNING if said is None or said.tuned_at is None else float(said.tuned_at),
        begin=begin,
        end=end,
        known_until=until,
        day=1 if begin is None else max(1, math.ceil((now - begin) / DAY)),
        days=None if begin is None or end is None else math.ceil((end - begin) / DAY),
        over=end is not None and until >= end if read != "fixed" else end is None or until >= end,
        words=_words(read),
    )


def _shown(goals: Sequence[str], guardrails: Sequence[str], *, asked: bool) -> tuple[str, ...]:
    """Return the metrics that are read: those asked for, or the usual ones and what decides."""
    named = set(goals) | set(guardrails)
    if asked:
        return tuple(name for name in METRICS if name in named)
    return tuple(name for name in METRICS if name in named or name in USUAL)


def _recorded_design(said: Recorded | None, end: datetime | None) -> str | None:
    """Return the recorded design; one that needs an end is none where that was over at launch."""
    if said is None or (said.design == "group-sequential" and end is None):
        return None
    return said.design


def _metrics(
    said: Recorded | None, goals: str | None, guardrails: str | None, described: str | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the goal metrics and the guardrails: as asked for, recorded, or described."""
    decide, guard = chosen("goals", goals), chosen("guardrails", guardrails)
    if not goals:
        decide = said.goals if said else (described,) if described else ()
    if not guardrails:
        guard = tuple(name for name in (said.guardrails if said else ()) if name not in decide)
    if both := [name for name in guard if name in decide]:
        raise NoReportError(
            LocalizedText(
                "guardrails: {name} is a goal metric, too; name it once", name=repr(both[0])
            )
        )
    return decide, guard


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
    many each. What is read once needs only the days that brought anything.
    """
    totals: dict[str, dict[str, Any]] = {}
    days: list[dict[str, Sums]] = []
    rows = sorted(
        log.rows("reports/arms_by_day", campaign=campaign), key=lambda row: (row["day"], row["arm"])
    )
    waiting = list(reversed(rows))
    for day in range(found.day):
        if found.design == "fixed" and not (waiting and waiting[-1]["day"] <= day):
            continue
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
    found: Plan,
    bought: Mapping[str, Purchases],
) -> dict[tuple[str, str], Reading]:
    """Return how each arm's metric is read, by both; none where an arm has hardly any people.

    All arms' goal metrics are one family (Holm); guardrails and other metrics stand alone.
    """
    from features.statistics.contrast import ALPHA
    from features.statistics.multiple import holm_levels
    from features.statistics.reading import read_looks

    looked = {
        (arm, metric): _seen(days, arm, control, metric, found, bought)
        for arm in arms
        for metric in found.metrics
    }
    looked = {key: one for key, one in looked.items() if one}
    levels = dict.fromkeys(looked, ALPHA)
    family = [key for key in looked if key[1] in found.goals]

    def read(key: tuple[str, str], level: float) -> Reading:
        return read_looks(looked[key], found.design, level, found.tuning)

    tests = [lambda level, key=key: read(key, level).found != 0 for key in family]
    levels.update(zip(family, holm_levels(tests, ALPHA), strict=True))
    return {key: read(key, levels[key]) for key in looked}


def _seen(
    days: Sequence[Mapping[str, Sums]],
    arm: str,
    control: str,
    metric: str,
    found: Plan,
    bought: Mapping[str, Purchases],
) -> list[Seen]:
    """Return both arms at each day on which both had people, and a value to compare."""
    from features.statistics.reading import Seen

    looked, of = [], METRICS[metric]
    step = math.ceil((found.days or 1) / LOOKS_MAX) if found.design == "group-sequential" else 1
    for number, arms in enumerate(days, 1):
        if number % step and number not in {1, found.days}:
            continue
        both = [arms[name] for name in (arm, control) if name in arms]
        if len(both) < 2 or any(one["people"] < 2 for one in both):  # noqa: PLR2004
            continue
        last = number - 1 if len(days) > 1 else None
        treated, base = (
            statistic(of, one, _until(bought.get(name), last))
            for name, one in zip((arm, control), both, strict=True)
        )
        if treated is None or base is None:
            continue
        did = sum(one[of.counted] for one in both)
        share = min(1.0, number / found.days) if found.days else 1.0
        looked.append(Seen(treated, base, did, share))
    return looked


def _until(bought: Purchases | None, day: int | None) -> Purchases | None:
    return bought if bought is None or day is None else bought.until(day)
