"""Pages of the drops: the list, one drop, its people, and its launch behind a confirmation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from console.access.permission import person_of
from console.drops import approval, register, service
from console.drops import launch as launching
from console.drops import preview as previewing
from console.drops.approval import involved
from console.drops.left_out import by_reason
from console.drops.outcome import (
    QUERIES,
    Outcome,
    budget_values,
    of_people,
    outcome,
    query_values,
)
from console.drops.restraint import of_settings
from console.drops.since import kept
from console.drops.standing import standing, waiting
from console.reporting.report import plain
from console.reports.basis import Query as Asked
from console.warehouse import WarehouseDownError
from console.web.drop_doing import changed, launched
from console.web.rendering import page
from console.web.report_pages import download, query_page
from console.web.security import require_own_form
from console.web.state import AppState, state
from console.web.visit import actor_of, needs
from flowdrop.output import csv_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.drops.preview import Preview
    from console.drops.tables import Drop
    from console.i18n import LocalizedText

router = APIRouter(
    prefix="/drops",
    include_in_schema=False,
    default_response_class=HTMLResponse,
    dependencies=[Depends(needs("drop.read"))],
)

PAGE_PEOPLE = 25


@router.get("")
def drops(request: Request) -> HTMLResponse:
    """List the drops, newest first."""
    at = state(request)
    with at.session() as session:
        found = [previewing.preview(session, each) for each in register.every(session)]
        open_ones = waiting(session, at.policy)
    return page(request, "drops.html", drops=found, waiting=open_ones)


@router.get("/{name}")
def drop(request: Request, name: str) -> HTMLResponse:
    """Show one drop: terms, budget, arms, people, what became of it, who did what."""
    at = state(request)
    with at.session() as session:
        found = register.find(session, name)
        plan = previewing.preview(session, found)
        stands, down = outcome_of(at, found, plan)
        return page(
            request,
            "drop.html",
            plan=plan,
            stands=stands,
            down=down,
            query_link=f"/drops/{name}/query",
            left_out_since=by_reason(kept(session, name)),
            approval=standing(session, found, at.policy),
            is_own=person_of(actor_of(request).name) in involved(session, found),
            history=register.history(session, name),
            **_people(at, found, plan, 0),
        )


@router.get("/{name}/outcome")
def outcome_part(request: Request, name: str) -> HTMLResponse:
    """Show only what became of the drop; the page polls while grants are pending."""
    at = state(request)
    with at.session() as session:
        found = register.find(session, name)
        plan = previewing.preview(session, found)
    stands, down = outcome_of(at, found, plan)
    return page(request, "drop_outcome.html", plan=plan, stands=stands, down=down)


@router.get("/{name}/people")
def people_part(request: Request, name: str, offset: int = 0) -> HTMLResponse:
    """Show one page of the drop's people; the whole page unless htmx requested it."""
    at = state(request)
    with at.session() as session:
        found = register.find(session, name)
        plan = previewing.preview(session, found)
        part = "hx-request" in request.headers
        return page(
            request,
            "drop_people.html" if part else "drop_people_page.html",
            plan=plan,
            **_people(at, found, plan, max(0, offset)),
        )


@router.get("/{name}/people.csv")
def people_csv(request: Request, name: str) -> Response:
    """Download everyone of the drop's audience."""
    with state(request).session() as session:
        found = previewing.people(session, register.find(session, name))
    return download(f"drop-{name}", "csv", csv_text(plain(found)).encode())


@router.get("/{name}/query")
def drop_query(request: Request, name: str) -> HTMLResponse:
    """Show the queries behind the drop's outcome."""
    with state(request).session() as session:
        program = register.find(session, name).program
    values = query_values(name)
    asked = [
        Asked(name=QUERIES[0], values=values),
        Asked(name=QUERIES[1], values=budget_values(name, program)),
        Asked(name="drops/people", values={"people": [], **values}),
    ]
    return query_page(request, asked, f"/drops/{name}")


@router.get("/{name}/launch")
def confirm(request: Request, name: str) -> HTMLResponse:
    """Show the amounts and ask."""
    at = state(request)
    with at.session() as session:
        found = register.find(session, name)
        approval.check_approved(session, found, at.policy)
        plan = previewing.preview(session, found)
        approved = standing(session, found, at.policy)
        sent_to, newly = plan.treated, []
        if plan.state in ("draft", "approved", "launching"):
            with at.warehouse.client() as client:
                now = launching.plan(session, client, name, at.now(), of_settings(at.settings))
            sent_to, newly = now.sent_to, now.newly
    return page(
        request,
        "drop_launch.html",
        plan=plan,
        sent_to=sent_to,
        left_out_now=by_reason(newly),
        approval=approved,
    )


@router.post("/{name}/launch")
def launch(request: Request, name: str, csrf: Annotated[str, Form()] = "") -> Response:
    """Launch, then show the drop."""
    require_own_form(request, csrf)
    launched(request, name)
    return RedirectResponse(f"/drops/{name}", status_code=303)


@router.post("/{name}/cancel")
def cancel(request: Request, name: str, csrf: Annotated[str, Form()] = "") -> Response:
    """Cancel a draft, then show it."""
    return _changed(request, name, csrf, service.cancel)


@router.post("/{name}/submit")
def submit(request: Request, name: str, csrf: Annotated[str, Form()] = "") -> Response:
    """Hand a draft in for review, then show it."""
    return _changed(request, name, csrf, service.submit, policy=state(request).policy)


@router.post("/{name}/withdraw")
def withdraw(request: Request, name: str, csrf: Annotated[str, Form()] = "") -> Response:
    """Make it a draft again, then show it."""
    return _changed(request, name, csrf, service.withdraw)


@router.post("/{name}/decide")
def decide(
    request: Request,
    name: str,
    csrf: Annotated[str, Form()] = "",
    decision: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
    review: Annotated[int | None, Form()] = None,
) -> Response:
    """Approve or reject what the form showed, then show the drop."""
    approves = decision == "approve"
    how = {"approves": approves, "reason": reason, "review": review}
    return _changed(request, name, csrf, service.decide, **how)


def _changed(
    request: Request, name: str, csrf: str, change: Callable[..., object], **how: object
) -> Response:
    require_own_form(request, csrf)
    changed(request, name, change, **how)
    return RedirectResponse(f"/drops/{name}", status_code=303)


def outcome_of(
    at: AppState, found: Drop, plan: Preview
) -> tuple[Outcome | None, LocalizedText | None]:
    """Return what became of a drop, or none and a message saying why it is unknown now."""
    try:
        with at.session() as session, at.warehouse.client() as client:
            left_out = kept(session, plan.name)
            return outcome(client, plan, found.acknowledged_at, left_out), None
    except WarehouseDownError as error:
        return None, error.words


def _people(at: AppState, found: Drop, plan: Preview, offset: int) -> dict[str, object]:
    with at.session() as session:
        people = previewing.people(session, found, offset=offset, limit=PAGE_PEOPLE)
    judged: dict[str, tuple[str, str]] = {}
    if plan.launched_at:
        try:
            with at.warehouse.client() as client:
                judged = of_people(client, found.name, [p.person for p in people if p.coins])
        except WarehouseDownError:
            judged = {}
    with at.session() as session:
        since = {person.person: person.reason for person in kept(session, found.name)}
    return {
        "people": people,
        "judged": judged,
        "since": since,
        "offset": offset,
        "page_people": PAGE_PEOPLE,
    }
