"""The settlement report: a party's month, or everybody's and whether they match the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from console.i18n import N_
from console.reporting.report import Page, Parameter, Report, Table
from console.reports.basis import QueryLog
from console.settlement.departments import departments
from console.settlement.everyone import Everyone, everyone
from console.settlement.month import month as month_of
from console.settlement.party import parties
from console.settlement.postings import POSTING_COLUMNS
from console.settlement.rows import everyone_rows, statement_rows
from console.settlement.statement import FATES, PLACES, SUMS, Statement, statement

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

    from console.reporting.layout import Layout
    from console.reporting.report import Rows, Values
    from console.settings import ConsoleSettings


def settled(
    client: Client, party: str, month: str, program: str, programs: Path
) -> Statement | Everyone:
    """Return a party's statement, or everybody's when `party` is ''."""
    when = month_of(month)
    if party:
        return statement(client, party, when, program, programs)
    return everyone(client, when, program, programs)


def _rows(found: Statement | Everyone) -> Rows:
    """Return one row per line of a statement, or per party and program."""
    return statement_rows(found) if isinstance(found, Statement) else everyone_rows(found)


def _text(found: Statement | Everyone, to: Layout) -> None:
    from console.settlement.text import print_everyone, print_statement

    if isinstance(found, Statement):
        print_statement(found, to)
    else:
        print_everyone(found, to)


def _print_postings(found: Rows, to: Layout) -> None:
    from console.settlement.text import print_postings

    print_postings(found, to)


def _latest_month(client: Client, settings: ConsoleSettings, asked: Values) -> Values:
    """Return the arguments; without a month, the last one in which coins moved."""
    if asked["month"]:
        return asked
    known = parties(QueryLog(client), departments(settings.programs))
    last = max(each.last_time for each in known if isinstance(each.last_time, datetime))
    return {**asked, "month": f"{last:%Y-%m}"}


def _facts(
    client: Client, settings: ConsoleSettings, _asked: Values, found: Statement | Everyone | None
) -> Mapping[str, Any]:
    """Return what the page shows beside the result: which other parties there are."""
    known = parties(QueryLog(client), departments(settings.programs))
    of_party = found if isinstance(found, Statement) else None
    return {
        "names": [each.name for each in known],
        "sums": SUMS,
        "fates": FATES,
        "places": PLACES,
        "statement": of_party,
        "everyone": found if isinstance(found, Everyone) else None,
    }


REPORT: Report[Statement | Everyone] = Report(
    name="settlement",
    help="Show a party's opening, movements, closing and what is owed; or everyone's balances.",
    example="flowdrop settlement --party carrier:unicom --month 2026-10",
    parameters=(
        Parameter(name="party", option=True, default=""),
        Parameter(name="month", option=True, asked_for=True),
        Parameter(name="program", option=True, default=""),
    ),
    settings=("programs",),
    queries=(
        *("settlement/party_names", "settlement/parties", "settlement/movements"),
        *("settlement/budget", "settlement/caused_coins", "settlement/delivered"),
        *("settlement/kinds", "settlement/ledger", "settlement/programs"),
    ),
    compute=settled,
    result=Statement | Everyone,
    tables=(Table(title=N_("Settlement"), row="one row per line or party", rows=_rows),),
    text=_text,
    page=Page(template="settlement.html", complete=_latest_month, facts=_facts, form=True),
    file=lambda asked: f"settlement-{asked['party'] or 'all'}-{asked['month']}",
    command="flowdrop settlement --party PARTY --month YYYY-MM [--program PROGRAM]",
    exports="/settlement/download",
)

# What is behind a line of a statement; only the command prints it.
POSTINGS: Report[Rows] = Report(
    name="postings",
    help="List the postings behind a line of a statement.",
    example="flowdrop settlement --party carrier:unicom --month 2026-10 --line redeem",
    queries=("settlement/line_postings", "settlement/delivered_postings"),
    compute=lambda _client, rows: rows,
    result=list[dict[str, Any]],
    tables=(
        Table(
            title=N_("Postings"),
            row="one row per posting",
            rows=lambda rows: rows,
            columns=POSTING_COLUMNS,
        ),
    ),
    text=_print_postings,
)
