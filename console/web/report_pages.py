"""Every report's page, its downloads, and the queries that made it."""

from __future__ import annotations

import importlib
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from console.i18n import translator
from console.reporting.export import BYTES, MEDIA_TYPES
from console.reporting.found import reports
from console.reporting.freshness import campaigns_of, freshness, said, with_freshness
from console.reporting.protection import Protection
from console.reporting.report import Page, Report, Values
from console.reports.basis import EmptyWarehouseError, QueryLog
from console.reports.basis import Query as Asked
from console.web.asking import asks, found, given, viewer
from console.web.choosing import choices, lacks, nothing, wanted
from console.web.language import language
from console.web.related import related
from console.web.rendering import link, page
from console.web.state import state
from sql.client import description, first_rows, rows, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clickhouse_connect.driver.client import Client

    from console.reporting.viewer import Viewer

T = TypeVar("T")

ROWS_MAX = 1000  # of a query that is run again
RUN = "run"  # which of a report's queries that is

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


def add_report(to: APIRouter, report: Report[Any]) -> None:
    """Add a report's page, downloads and queries; the first reader waits for no library."""
    for module in (*report.loads, "scipy.optimize", "scipy.sparse"):  # the latter to hide counts
        importlib.import_module(module)
    own = report.page or Page(template="report.html")

    def show(request: Request, asked: Values) -> HTMLResponse:
        return report_page(request, report, own, asked)

    to.get(own.path or report.place)(asks(report, show, page=True, form=own.form))
    add_files(to, report, own.path or report.place)


def add_files(to: APIRouter, report: Report[Any], back: str) -> None:
    """Add a report's downloads, and its queries with the way back to its page."""

    def query(request: Request, asked: Values) -> HTMLResponse:
        by, queries = viewer(request), report.asked
        if queries is None or not by.is_staff:
            queries = tuple(report.queries_of(found(request, report, asked).found))
        back_link = link(back, **given(asked, by))
        if not by.is_staff:  # rows of a query are not protected
            return query_page(request, queries, back_link)
        with state(request).warehouse.client() as client:
            log, zone = QueryLog(client), state(request).settings.zone
            with suppress(EmptyWarehouseError):
                freshness(log, report, asked, zone, state(request).ends())
        again = parse_qsl(urlsplit(link(report.place, **given(asked))).query)
        return query_page(request, (*queries, *log.asked), back_link, again)

    to.get(f"{report.place}/query")(asks(report, query, also=(RUN,)))
    for ending in BYTES:

        def file(request: Request, asked: Values, ending: str = ending) -> Response:
            content = BYTES[ending](report, found(request, report, asked).found)
            return download(report.file_name(asked), ending, content)

        to.get(f"{report.exports or report.place}.{ending}")(asks(report, file))


def report_page(request: Request, report: Report[T], own: Page[T], asked: Values) -> HTMLResponse:
    """Show the report; while something is missing, the form of the page or one that asks for it.

    An organisation sees the shared page, in which nothing but its answer is.
    """
    lang, settings = language(request), state(request).settings
    by, answer, empty = viewer(request), None, ""
    if not by.is_staff:
        own = Page(template="report.html")
    with state(request).warehouse.client() as client:
        asked = own.complete(client, settings, asked)
        lacking = lacks(report, asked)
        if lacking and not own.form and (by.is_staff or isinstance(report.protection, Protection)):
            return _choose(request, client, report, asked)
        if not lacking or not by.is_staff:
            try:
                answer = report.find(client, asked, settings, viewer=by)
                ends = state(request).ends()
                answer = with_freshness(answer, client, report, asked, settings.zone, ends)
            except EmptyWarehouseError as error:
                if not own.empty:
                    raise
                empty = error.words.of(lang)
        result = None if answer is None else answer.found
        printed = None if answer is None else _printed(client, report, asked)
        facts = own.facts(client, settings, asked, result)
        others = [] if result is None else related(client, report, asked, result, by)
    return page(
        request,
        own.template,
        asked=asked,
        of=report,
        reports=reports().values(),
        report=result,
        seen=() if answer is None else answer.words,
        empty=empty,
        printed=printed,
        related=others,
        fresh=said(answer.freshness, report) if answer and answer.freshness else [],
        charts={} if result is None else report.charts(result, translator(lang)),
        **({} if result is None else links(report, asked, by)),
        **facts,
    )


def _choose(request: Request, client: Client, report: Report[Any], asked: Values) -> HTMLResponse:
    """Ask for what the report needs; the rest of the address is kept."""
    by = viewer(request)
    fields = choices(client, report, by)
    kept = parse_qsl(urlsplit(link("", **given(asked, by))).query)
    own = {each.name for each in fields}
    return page(
        request,
        "choosing.html",
        of=report,
        asked=asked,
        fields=fields,
        wanted=wanted(report),
        nothing=nothing(fields),
        kept=[(key, value) for key, value in kept if key not in own],
    )


def _printed(client: Client, report: Report[Any], asked: Values) -> dict[str, Any]:
    """Return what stands on top of a printed page: whose campaigns they are, and the day."""
    names = campaigns_of(report, asked)
    found = rows(client, "reports/advertisers_of", campaigns=names) if names else []
    return {"advertisers": [row["advertiser"] for row in found], "day": datetime.now(UTC)}


def links(report: Report[Any], asked: Values, by: Viewer) -> dict[str, str]:
    """Return the links to the same report as JSON, as files and as its queries."""
    query = given(asked, by)
    files = {
        f"{end}_link": link(f"{report.exports or report.place}.{end}", **query) for end in BYTES
    }
    return {
        **files,
        "json_link": link(f"/api/{report.name}", **query),
        "query_link": link(f"{report.place}/query", **query),
    }


def download(name: str, ending: str, content: bytes) -> Response:
    """Return a file called `name`."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in name)
    return Response(
        content,
        media_type=MEDIA_TYPES[ending],
        headers={"Content-Disposition": f'attachment; filename="{plain}.{ending}"'},
    )


def query_page(
    request: Request,
    asked: Sequence[Asked],
    back: str,
    again: Sequence[tuple[str, str]] | None = None,
) -> HTMLResponse:
    """Show queries with their bound values, and the way back to their result.

    The one whose number the address gives as `run` is run again as it is shown, where
    there is an address for it (`again`, its values): its first rows stand below it.
    """
    say = translator(language(request))
    wanted = request.query_params.get(RUN, "")
    number = {str(at): at for at in range(len(asked))}.get(wanted)
    ran = None
    if again is not None and number is not None:
        with state(request).warehouse.client() as client:
            ran = first_rows(client, asked[number].name, ROWS_MAX, **asked[number].values)
    queries = [
        {
            "name": each.name,
            "values": each.values,
            "description": say.gettext(description(each.name)),
            "text": text(each.name),
        }
        for each in asked
    ]
    return page(
        request,
        "query.html",
        queries=queries,
        back=back,
        again=again,
        number=number,
        ran=ran,
        most=ROWS_MAX,
    )


for each in reports().values():
    if each.served:
        add_report(router, each)
