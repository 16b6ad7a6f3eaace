"""A new drop: its form, what it would be as one fills it in, and the draft it becomes."""

from __future__ import annotations

import secrets
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import click
from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from console.drops import register
from console.reports.basis import words_of
from console.reports.looks import DESIGNS
from console.reports.metrics import METRICS
from console.warehouse import WarehouseDownError
from console.web.drop_doing import created, sketched
from console.web.drop_form import Filled, copied, terms_of
from console.web.rendering import page
from console.web.security import require_own_form
from console.web.state import state
from console.web.visit import needs
from features.audiences import audiences

if TYPE_CHECKING:
    from console.drops.drawing import Sketch
    from features.audiences import Audience

router = APIRouter(
    prefix="/new-drop",
    include_in_schema=False,
    default_response_class=HTMLResponse,
    dependencies=[Depends(needs("drop.write"))],
)
Sent = Annotated[Filled, Form()]


@router.get("")
def empty(request: Request, copy: Annotated[str, Query()] = "") -> HTMLResponse:
    """Show the form, with another drop's terms if one is to be copied."""
    at = state(request)
    if not copy:
        return _form(request, Filled())
    with at.session() as session:
        return _form(request, copied(register.find(session, copy), at.now()))


@router.post("")
def create(request: Request, form: Sent) -> Response:
    """Make the draft, then show it; or the form again with what is wrong."""
    require_own_form(request, form.csrf)
    try:
        made = created(request, terms_of(form))
        return RedirectResponse(f"/drops/{made.name}", status_code=303)
    except WarehouseDownError:
        raise
    except click.ClickException as error:
        return _form(request, form, error=error)


@router.post("/sketch")
def sketch(request: Request, form: Sent) -> HTMLResponse:
    """Show what the drop would be; within the form unless htmx asked."""
    require_own_form(request, form.csrf)
    part = "hx-request" in request.headers
    # who has not come to the name wants to see the rest
    wanted = form if form.name.strip() else form.model_copy(update={"name": secrets.token_hex(8)})
    try:
        found = sketched(request, terms_of(wanted))
    except WarehouseDownError:
        raise
    except click.ClickException as error:
        if not part:
            return _form(request, form, error=error)
        return page(request, "drop_sketch.html", sketch=None, error=words_of(error))
    if not part:
        return _form(request, form, found)
    return page(request, "drop_sketch.html", sketch=found, error=None)


def _form(
    request: Request,
    form: Filled,
    found: Sketch | None = None,
    *,
    error: click.ClickException | None = None,
) -> HTMLResponse:
    with state(request).warehouse.client() as client:
        frozen = sorted(audiences(client), key=lambda one: one.program)
    shown = page(
        request,
        "drop_new.html",
        form=form,
        sketch=found,
        error=words_of(error) if error else None,
        wrong=_field(error),
        frozen=[(program, list(some)) for program, some in groupby(frozen, _program)],
        designs=DESIGNS,
        metrics=list(METRICS),
    )
    if error:
        shown.status_code = 422
    return shown


def _program(one: Audience) -> str:
    return one.program


def _field(error: click.ClickException | None) -> str:
    """Return the field that a refusal begins with, as all of a drop's terms do."""
    field = error.message.partition(":")[0] if error else ""
    return "audience" if field == "program" else field
