"""Pages and downloads of the reports: campaigns, reach, lift, overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from console import exports
from console.reports.basis import EmptyWarehouseError
from console.reports.basis import Query as Asked
from console.reports.campaigns import campaigns, not_counted
from console.reports.lift import lift
from console.reports.overlap import overlap
from console.reports.reach import reach
from console.web.charts import lift_charts, reach_chart
from console.web.desk import desk
from console.web.language import language, phrases, query_description
from console.web.rendering import link, page
from flowdrop.output import csv_text
from sql.client import description, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

Names = Annotated[list[str], Query(min_length=1)]
CAMPAIGN_QUERIES = (
    Asked(name="reports/campaigns"),
    Asked(name="reports/uncounted", values={"campaigns": []}),
)


@router.get("/")
def home(request: Request) -> HTMLResponse:
    """List the campaigns; an empty warehouse says how to fill it."""
    with desk(request).warehouse.client() as client:
        try:
            found, empty = campaigns(client), ""
        except EmptyWarehouseError as error:
            found, empty = [], error.words.of(language(request))
    return page(
        request,
        "campaigns.html",
        campaigns=found,
        uncounted=not_counted(found),
        empty=empty,
        query_link="/campaigns/query" if found else "",
    )


@router.get("/campaigns/query")
def campaigns_query(request: Request) -> HTMLResponse:
    """Show the queries that made the list of campaigns."""
    return query_page(request, CAMPAIGN_QUERIES, "/")


@router.get("/campaigns.csv")
def campaigns_csv(request: Request) -> Response:
    """Download the list of campaigns."""
    with desk(request).warehouse.client() as client:
        return download("campaigns", exports.campaign_rows(campaigns(client)))


@router.get("/reach")
def reach_page(request: Request, campaign: Names) -> HTMLResponse:
    """Show reach of one campaign or of the union of several."""
    with desk(request).warehouse.client() as client:
        report = reach(client, campaign)
    say = phrases(language(request))
    return page(
        request,
        "reach.html",
        report=report,
        chart=reach_chart(report, say),
        **_links("reach", campaign=campaign),
    )


@router.get("/reach.csv")
def reach_csv(request: Request, campaign: Names) -> Response:
    """Download reach by day."""
    with desk(request).warehouse.client() as client:
        return download("reach-" + "-".join(campaign), exports.reach_rows(reach(client, campaign)))


@router.get("/reach/query")
def reach_query(request: Request, campaign: Names) -> HTMLResponse:
    """Show the queries that made the reach report."""
    with desk(request).warehouse.client() as client:
        asked = reach(client, campaign).queries
    return query_page(request, asked, link("/reach", campaign=campaign))


@router.get("/lift")
def lift_page(request: Request, campaign: str, control: str | None = None) -> HTMLResponse:
    """Show what a randomised campaign caused."""
    with desk(request).warehouse.client() as client:
        report = lift(client, campaign, control)
    say = phrases(language(request))
    return page(
        request,
        "lift.html",
        report=report,
        charts=lift_charts(report, say),
        **_links("lift", **_lift_query(campaign, control)),
    )


@router.get("/lift.csv")
def lift_csv(request: Request, campaign: str, control: str | None = None) -> Response:
    """Download arms and effects."""
    with desk(request).warehouse.client() as client:
        return download(f"lift-{campaign}", exports.lift_rows(lift(client, campaign, control)))


@router.get("/lift/query")
def lift_query(request: Request, campaign: str, control: str | None = None) -> HTMLResponse:
    """Show the queries that made the lift report."""
    with desk(request).warehouse.client() as client:
        asked = lift(client, campaign, control).queries
    return query_page(request, asked, link("/lift", **_lift_query(campaign, control)))


@router.get("/overlap")
def overlap_page(request: Request, a: str = "", b: str = "") -> HTMLResponse:
    """Show whom two campaigns both contacted; without two, only the form."""
    with desk(request).warehouse.client() as client:
        names = [campaign.name for campaign in campaigns(client)]
        report = overlap(client, a, b) if a and b else None
    return page(
        request,
        "overlap.html",
        names=names,
        a=a,
        b=b,
        report=report,
        **(_links("overlap", a=a, b=b) if report else {}),
    )


@router.get("/overlap.csv")
def overlap_csv(request: Request, a: str, b: str) -> Response:
    """Download the overlap."""
    with desk(request).warehouse.client() as client:
        return download(f"overlap-{a}-{b}", exports.overlap_rows(overlap(client, a, b)))


@router.get("/overlap/query")
def overlap_query(request: Request, a: str, b: str) -> HTMLResponse:
    """Show the queries that made the overlap."""
    with desk(request).warehouse.client() as client:
        asked = overlap(client, a, b).queries
    return query_page(request, asked, link("/overlap", a=a, b=b))


def download(name: str, rows: Sequence[dict[str, Any]]) -> Response:
    """Return `rows` as a CSV file called `name`."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in name)
    return Response(
        csv_text(rows),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{plain}.csv"'},
    )


def query_page(request: Request, asked: Iterable[Asked], back: str) -> HTMLResponse:
    """Show queries with what was bound to them, and the way back to what they made."""
    queries = [
        {
            "name": each.name,
            "values": each.values,
            "description": query_description(each.name, description(each.name), language(request)),
            "text": text(each.name),
        }
        for each in asked
    ]
    return page(request, "query.html", queries=queries, back=back)


def _links(report: str, **query: Any) -> dict[str, str]:
    """Return where the same report is as JSON, as CSV and as its queries."""
    return {
        "json_link": link(f"/api/{report}", **query),
        "csv_link": link(f"/{report}.csv", **query),
        "query_link": link(f"/{report}/query", **query),
    }


def _lift_query(campaign: str, control: str | None) -> dict[str, str]:
    return {"campaign": campaign} | ({"control": control} if control else {})
