"""The page of one wallet: search, live balance, history."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from console.reports.basis import Query as Asked
from console.wallets import PAGE_POSTINGS, alike, wallet
from console.web.rendering import link, page
from console.web.report_pages import query_page
from console.web.state import state
from console.web.visit import needs

router = APIRouter(
    prefix="/wallet",
    include_in_schema=False,
    default_response_class=HTMLResponse,
    dependencies=[Depends(needs("wallet.read"))],
)


@router.get("")
def wallet_page(request: Request, account: str = "", offset: int = 0) -> HTMLResponse:
    """Show the wallet `account`; without one, the search box and a few examples."""
    account = account.strip()
    with state(request).warehouse.client() as client:
        if not account:
            return page(request, "wallet_search.html", account="", some=alike(client, ""))
        found = wallet(client, account, state(request).live, max(0, offset))
    return page(
        request,
        "wallet.html",
        account=account,
        wallet=found,
        page_postings=PAGE_POSTINGS,
        query_link=link("/wallet/query", account=account),
    )


@router.get("/live")
def live_part(request: Request, account: str) -> HTMLResponse:
    """Show only the balance; the page polls every few seconds."""
    with state(request).warehouse.client() as client:
        found = wallet(client, account, state(request).live)
    return page(request, "wallet_balance.html", account=account, wallet=found)


@router.get("/query")
def wallet_query(request: Request, account: str) -> HTMLResponse:
    """Show the queries behind the wallet's history."""
    asked = [
        Asked(name="wallets/last", values={"account": account}),
        Asked(
            name="wallets/history",
            values={"account": account, "limit": PAGE_POSTINGS, "offset": 0},
        ),
    ]
    return query_page(request, asked, link("/wallet", account=account))
