"""Reports as CSV rows: the same rows as the commands' `--csv`."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from console.compliance.flags import Flags
    from console.drops.preview import Person
    from console.reports.campaigns import Campaign
    from console.reports.lift import LiftReport
    from console.reports.overlap import OverlapReport
    from console.reports.reach import ReachReport
    from console.settlement.everyone import Everyone
    from console.settlement.statement import Account, Statement

Rows = list[dict[str, Any]]

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def campaign_rows(found: Sequence[Campaign]) -> Rows:
    """Return one row a campaign."""
    return [asdict(campaign) for campaign in found]


def reach_rows(found: ReachReport) -> Rows:
    """Return one row a day."""
    return [asdict(day) for day in found.by_day]


def lift_rows(found: LiftReport) -> Rows:
    """Return one row an arm and metric; the control's, and blocked ones, have no effect."""
    effects = {(effect.arm, effect.metric): asdict(effect) for effect in found.effects}
    shown = ("difference", "low", "high", "p_value", "relative", "relative_low", "relative_high")
    rows: Rows = []
    for arm in found.arms:
        for metric in ("visit_rate", "conversion_rate", "value_per_person"):
            effect = effects.get((arm.arm, metric), {})
            rows.append(
                {
                    "arm": arm.arm,
                    "people": arm.people,
                    "metric": metric,
                    "value": getattr(arm, metric),
                    **{key: effect.get(key) for key in shown},
                }
            )
    return rows


def overlap_rows(found: OverlapReport) -> Rows:
    """Return the one row of an overlap."""
    return [
        {key: value for key, value in asdict(found).items() if not isinstance(value, dict | tuple)}
    ]


def people_rows(found: Iterable[Person]) -> Rows:
    """Return one row a person of a drop's audience."""
    return [asdict(person) for person in found]


def settlement_rows(found: Statement, program: str = "", *, short: bool = False) -> Rows:
    """Return one row a line of a statement, its opening and closing balance among them.

    A carrier's has columns and, after each program's lines, rows for what it delivered; a
    department's for what it got for its coins.

    Args:
        found: the statement.
        program: only this one's; '' for all.
        short: leave out what is the same in every row.
    """
    rows: Rows = []
    for own in found.programs:
        if program and own.program != program:
            continue
        same = {} if short else {"party": found.party, "month": found.month, "program": own.program}
        none = {"events": None, "coins_in": None, "coins_out": None}
        first = len(rows)
        rows += [
            {**same, "line": "opening", **none, "coins": own.opening},
            *(
                {
                    **same,
                    **{
                        "line" if key == "operation" else key: value
                        for key, value in asdict(line).items()
                    },
                }
                for line in own.lines
            ),
            {**same, "line": "closing", **none, "coins": own.closing},
        ]
        if own.delivered is not None and not short:
            nowhere = dict.fromkeys(("network", "price", "mb"))
            rows[first:] = [row | nowhere for row in rows[first:]]
            rows += [{**same, "line": "delivered", **none, **each} for each in delivered_rows(own)]
        if own.caused is not None and not short:
            nowhere = dict.fromkeys(("name", "people", "in_hand", "redeemed", "bought", "else"))
            rows[first:] = [row | nowhere for row in rows[first:]]
            rows += [{**same, **none, **each} for each in caused_rows(own)]
    return rows


def caused_rows(own: Account) -> Rows:
    """Return one row an activity or campaign of a department: what people got, and did with it."""
    return [
        {
            "line": line.kind,
            "name": line.name,
            "people": line.people,
            "coins": line.coins,
            "in_hand": line.in_hand,
            "redeemed": line.redeemed,
            "bought": line.bought,
            "else": line.otherwise,
        }
        for line in own.caused or ()
    ]


def delivered_rows(own: Account) -> Rows:
    """Return one row a network and price of what a carrier delivered."""
    return [
        {key: value for key, value in asdict(line).items() if key != "own"}
        for line in own.delivered or ()
    ]


def settlements_rows(found: Everyone) -> Rows:
    """Return one row a party and program."""
    return [
        {
            **{key: value for key, value in asdict(row).items() if key != "owed"},
            "owed_coins": row.owed.coins,
            "owed_by": row.owed.by,
            "owed_to": row.owed.to,
        }
        for row in found.parties
    ]


def flag_rows(found: Flags) -> Rows:
    """Return one row a flag; accounts and evidence are words of one cell."""
    return [
        {
            **asdict(flag),
            "accounts": " ".join(flag.accounts),
            "first_time": flag.first_time.isoformat(),
            "last_time": flag.last_time.isoformat(),
            "evidence": " ".join(flag.evidence),
        }
        for flag in found.flags
    ]


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows of equal keys as CSV with a header; no rows give an empty text."""
    if not rows:
        return ""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    return out.getvalue()


def _cell(value: object) -> object:
    """Return a value as CSV holds it; a text that a spreadsheet would compute stays a text."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return " ".join(value)
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return "'" + value
    return value
