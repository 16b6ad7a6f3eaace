"""Pages and downloads of settlement: everybody, one party, the postings behind a line."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from console import exports
from console.reports.basis import Asker
from console.settlement.departments import departments
from console.settlement.everyone import Everyone, everyone
from console.settlement.month import month as month_of
from console.settlement.party import parties
from console.settlement.party import party as party_of
from console.settlement.postings import ANY_PRICE, delivered_postings, line_postings
from console.settlement.statement import (
    FATES,
    PLACES,
    SUMS,
    Statement,
    nothing,
    statement,
)
from console.web.desk import desk
from console.web.rendering import link, page
from console.web.report_pages import download, query_page
from flowdrop.output import csv_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

    from console.settlement.party import Party

router = APIRouter(
    prefix="/settlement", include_in_schema=False, default_response_class=HTMLResponse
)

POSTINGS_MAX = 500


@router.get("")
def settlement_page(
    request: Request, party: str = "", month: str = "", program: str = ""
) -> HTMLResponse:
    """Show a party's month; without one, everybody's, and whether they are the ledger."""
    with desk(request).warehouse.client() as client:
        programs = desk(request).settings.programs
        known = parties(Asker(client), departments(programs))
        month = month or _latest(known)
        found = settled(client, party, month, program, programs)
    asked = _asked(party, month, program)
    empty = isinstance(found, Statement) and found.empty
    return page(
        request,
        "settlement.html",
        nothing=nothing(party_of(known, party), month_of(month), program) if empty else None,
        names=[each.name for each in known],
        party=party,
        month=month,
        program=program,
        sums=SUMS,
        fates=FATES,
        places=PLACES,
        statement=found if isinstance(found, Statement) else None,
        everyone=found if isinstance(found, Everyone) else None,
        json_link=link("/api/settlement", **asked),
        csv_link=link("/settlement/download.csv", **asked),
        query_link=link("/settlement/query", **asked),
    )


@router.get("/download.csv")
def settlement_csv(request: Request, month: str, party: str = "", program: str = "") -> Response:
    """Download the lines of a party's month, or everybody's balances."""
    programs = desk(request).settings.programs
    with desk(request).warehouse.client() as client:
        found = settled(client, party, month, program, programs)
    rows = (
        exports.settlement_rows(found)
        if isinstance(found, Statement)
        else exports.settlements_rows(found)
    )
    return download(f"settlement-{party or 'all'}-{month}", "csv", csv_text(rows).encode())


@router.get("/query")
def settlement_query(
    request: Request, month: str, party: str = "", program: str = ""
) -> HTMLResponse:
    """Show the queries that made the settlement."""
    programs = desk(request).settings.programs
    with desk(request).warehouse.client() as client:
        asked = settled(client, party, month, program, programs).queries
    return query_page(request, asked, link("/settlement", **_asked(party, month, program)))


@router.get("/postings")
def settlement_postings(
    request: Request,
    party: str,
    month: str,
    line: str = "",
    network: str = "",
    price: float = ANY_PRICE,
    program: str = "",
) -> HTMLResponse:
    """Show the postings behind a line, or what went to a network's users; the first ones."""
    when = month_of(month)
    only: dict[str, Any] = {"program": program, "limit": POSTINGS_MAX}
    with desk(request).warehouse.client() as client:
        found = statement(client, party, when, program, desk(request).settings.programs)
        rows = (
            delivered_postings(client, found, when, network=network, price=price, **only)
            if network
            else line_postings(client, found, when, operation=line, **only)
        )
    back = link("/settlement", **_asked(party, month, program))
    return page(
        request,
        "settlement_postings.html",
        rows=rows,
        party=party,
        month=month,
        line=line,
        network=network,
        back=back,
        full=len(rows) == POSTINGS_MAX,
    )


def settled(
    client: Client, party: str, month: str, program: str, programs: Path
) -> Statement | Everyone:
    """Return a party's statement, or everybody's when `party` is ''."""
    when = month_of(month)
    if party:
        return statement(client, party, when, program, programs)
    return everyone(client, when, program, programs)


def _asked(party: str, month: str, program: str) -> dict[str, Any]:
    asked = {"party": party, "month": month, "program": program}
    return {name: value for name, value in asked.items() if value}


def _latest(known: Sequence[Party]) -> str:
    """Return the last month in which coins moved."""
    last = max(each.last_time for each in known if isinstance(each.last_time, datetime))
    return f"{last:%Y-%m}"
