"""The postings behind a line of a statement, as a page."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from console.settlement.month import month as month_of
from console.settlement.postings import ANY_PRICE, delivered_postings, line_postings
from console.settlement.statement import statement
from console.web.asking import given
from console.web.rendering import link, page
from console.web.state import state
from console.web.visit import needs

router = APIRouter(
    prefix="/settlement",
    include_in_schema=False,
    default_response_class=HTMLResponse,
    dependencies=[Depends(needs("settlement.read"))],
)

POSTINGS_MAX = 500


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
    with state(request).warehouse.client() as client:
        found = statement(client, party, when, program, state(request).settings.programs)
        rows = (
            delivered_postings(client, found, when, network=network, price=price, **only)
            if network
            else line_postings(client, found, when, operation=line, **only)
        )
    back = link("/settlement", **given({"party": party, "month": month, "program": program}))
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
