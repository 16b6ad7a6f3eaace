"""What a running drop's experiment says by a day, and which rule to stop holds then.

Only whole days count: those since the first assignment that had ended by the day's 00:00 UTC. So a
past day, measured today, says what it said then, but for events that arrived late.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

from console.reporting.report import plain
from console.reports.basis import QueryLog
from console.reports.effects import effects
from console.reports.lift import CONTROL_ARMS
from console.reports.looks import DAY, by_day, plan, readings
from console.reports.metric_names import NAMES
from console.reports.metrics import quantiles
from console.reports.purchases import purchases
from console.reports.split import split
from flowdrop.output import json_text
from sql.client import rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from clickhouse_connect.driver.client import Client

    from console.drops.tables import Drop
    from console.reports.effects import Effect, Withheld
    from console.reports.looks import Plan, Sums

UNSAFE = ("arms", "harm")  # rules of which somebody must be told


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What may be said of a drop, and the first rule to stop that holds.

    Attributes:
        effect: the goal metric's, or the one for which the rule holds; none where there is none.
        status: as in `features/statistics/status.py`.
        words: the same in words.
        rule: `arms` (not as drawn), `harm` (of a goal or guardrail), `effect` (a goal works), `end`
            (the planned end has come), `futility` (no difference that matters); '' for none.
        reason: the same in words.
    """

    effect: Effect | None
    status: str
    words: str
    rule: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A row of `drop_measurements`; rates are shares, money is in cents."""

    drop: str
    as_of: date
    design: str
    day: int
    days: int | None
    people: int
    metric: str
    arm: str
    difference: float | None
    low: float | None
    high: float | None
    relative: float | None
    status: str
    words: str
    stop: bool
    rule: str
    reason: str
    effects: str
    measured_at: datetime


def is_running(drop: Drop, as_of: date) -> bool:
    """Return whether a drop was launched by a day, and its planned end was not before that day.

    The first day that begins after the end is its last: what the experiment came to.
    """
    moment = _midnight(as_of)
    if drop.launched_at is None or drop.launched_at >= moment:
        return False
    return drop.planned_end is None or moment < drop.planned_end + DAY


def measure(client: Client, drop: str, as_of: date, now: datetime) -> Measured | None:
    """Return what the experiment of a drop says by a day; nothing while no day was whole.

    Args:
        client: of the warehouse.
        drop: its name, which is its campaign's.
        as_of: nothing that happened on or after this day (UTC) is known.
        now: when it is measured.
    """
    log = QueryLog(client)
    planned = _as_of(plan(log, drop, None), _midnight(as_of))
    daily = by_day(log, drop, planned)
    if not daily:
        return None
    sums = daily[-1]
    found, told = _judged(log, drop, planned, daily)
    effect = found.effect
    return Measured(
        drop=drop,
        as_of=as_of,
        design=planned.design,
        day=planned.day,
        days=planned.days,
        people=sum(int(row["people"]) for row in sums.values()),
        metric=effect.metric if effect else "",
        arm=effect.arm if effect else "",
        difference=effect.difference if effect else None,
        low=effect.low if effect else None,
        high=effect.high if effect else None,
        relative=effect.relative if effect else None,
        status=found.status,
        words=found.words,
        stop=bool(found.rule),
        rule=found.rule,
        reason=found.reason,
        effects=json_text([plain(one) for one in told]),
        measured_at=now,
    )


def keep(client: Client, measured: Sequence[Measured]) -> None:
    """Store rows; each replaces that of the same drop and day."""
    if measured:
        client.insert(
            "drop_measurements",
            [list(asdict(one).values()) for one in measured],
            column_names=list(asdict(measured[0])),
        )


def kept(client: Client, as_of: date | None = None) -> list[Measured]:
    """Return the stored rows, the latest day first; those of one day if it is given."""
    found = rows(client, "drops/measured", as_of=as_of)
    return [
        Measured(**{**row, "measured_at": row["measured_at"].replace(tzinfo=UTC)}) for row in found
    ]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def _as_of(found: Plan, moment: datetime) -> Plan:
    """Return the plan as it stood at a moment, by whole days; day 0 is before the first is over."""
    until = moment if found.end is None else min(moment, found.end)
    whole = 0 if found.begin is None else max(0, (until - found.begin) // DAY)
    over = found.end is not None and moment >= found.end
    if over and found.days is not None:
        whole = found.days
    once = found.design == "fixed" and found.end is None
    return replace(found, known_until=moment, day=whole, over=over or once)


def _judged(
    log: QueryLog, drop: str, planned: Plan, daily: Sequence[Mapping[str, Sums]]
) -> tuple[Verdict, Sequence[Effect]]:
    """Return what may be said of a drop at the last of `daily`, and its effects."""
    sums = daily[-1]
    base = next((name for name in CONTROL_ARMS if name in sums), None)
    if base is None or len(sums) < len(("treated", base)):
        words = "nobody is held out, or nobody is treated: there is nothing to compare"
        return Verdict(effect=None, status="blocked", words=words), ()
    drawn = {row["arm"]: row for row in log.rows("reports/arms", campaign=drop)}
    names = [base, *sorted(sums.keys() - {base})]
    of = split({name: _with_probability(sums[name], drawn[name]) for name in names}, daily)
    if of.blocked is not None:
        said = of.blocked.en
        return (
            Verdict(effect=None, status="blocked", words=said, rule="arms", reason=said),
            (),
        )
    bought = purchases(log, drop) if quantiles(planned.metrics) else {}
    bought = {name: one.until(planned.day - 1) for name, one in bought.items()}
    read = readings(daily, base, names[1:], planned, bought)
    told, withheld = effects(sums[base], [sums[n] for n in names[1:]], planned, read, bought)
    return verdict(told, withheld, planned), told


def _with_probability(row: Sums, drawn: Sums) -> dict[str, Any]:
    return {**row, **{key: drawn[key] for key in ("probability_min", "probability_max")}}


def verdict(told: Sequence[Effect], withheld: Sequence[Withheld], planned: Plan) -> Verdict:
    """Return what is said of a drop: the first rule that holds, or else its first goal's effect."""
    goals = [one for one in told if one.role == "goal"]
    for one in told:
        if one.role in {"goal", "guardrail"} and one.status == "harms":
            return _ruled(one, "harm", f"the {NAMES[one.metric]} of arm {one.arm!r} is harmed")
    for one in goals:
        if one.status == "works":
            return _ruled(one, "effect", f"the {NAMES[one.metric]} of arm {one.arm!r} has risen")
    first = goals[0] if goals else None
    if planned.over:
        return _ruled(first, "end", "the planned end has come", _why(withheld, planned))
    if goals and all(one.status == "no_larger" for one in goals):
        return _ruled(first, "futility", "no goal can differ by as much as would matter")
    if first is not None:
        return Verdict(effect=first, status=first.status, words=first.words.en)
    return Verdict(effect=None, status="too_early", words=_why(withheld, planned))


def _ruled(effect: Effect | None, rule: str, reason: str, otherwise: str = "") -> Verdict:
    return Verdict(
        effect=effect,
        status=effect.status if effect else "no_larger",
        words=effect.words.en if effect else otherwise,
        rule=rule,
        reason=reason,
    )


def _why(withheld: Sequence[Withheld], planned: Plan) -> str:
    """Return why the first goal is not told of."""
    for one in withheld:
        if one.metric in planned.goals:
            return one.why.en
    return "no goal was chosen" if not planned.goals else "nothing can be said yet"
