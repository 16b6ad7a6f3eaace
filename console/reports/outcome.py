"""The report of a drop's outcome: what became of it, according to the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.drops.outcome import QUERIES, Outcome, outcome
from console.i18n import N_
from console.reporting.report import Parameter, Report, Row, Table, plain

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from console.reporting.layout import Layout

CSV_FIELDS = {"budget": "budget_coins"}


def _found(client: Client, name: str, database: str) -> Outcome:
    from sqlalchemy.orm import Session

    from console.database import open_database
    from console.drops.preview import preview
    from console.drops.register import find
    from console.drops.since import kept

    with Session(open_database(database)) as session:
        found = find(session, name)
        plan, left_out = preview(session, found), kept(session, name)
        return outcome(client, plan, found.acknowledged_at, left_out)


def _text(found: Outcome, to: Layout) -> None:
    from console.drops.text import print_facts

    print_facts(plain(found), to.gettext("Drop {name}", name=found.name), to)


def _rows(found: Outcome) -> list[Row]:
    """Return the one row of an outcome; what it counts by reason is not in it."""
    fields = plain(found).items()
    return [
        {CSV_FIELDS.get(key, key): value for key, value in fields if not isinstance(value, dict)}
    ]


def _by_reason(title: str, people: str) -> Table[Outcome]:
    return Table(
        title=title,
        row="one row per reason",
        rows=lambda found: [
            {"reason": reason, "people": count} for reason, count in getattr(found, people).items()
        ],
        columns=("reason", "people"),
    )


REPORT = Report(
    name="outcome",
    help="Show what became of a drop: granted, refused by reason, pending, unspent.",
    example="flowdrop drop show spring --json",
    parameters=(Parameter(name="name"),),
    settings=("database",),
    queries=QUERIES,
    compute=_found,
    result=Outcome,
    tables=(
        Table(title=N_("Outcome"), row="one row", rows=_rows),
        _by_reason(N_("Refused"), "refused"),
        _by_reason(N_("Left out since"), "left_out_since"),
    ),
    text=_text,
    command="flowdrop drop show NAME",
    served=False,  # the page of a drop shows it, among other things
)
