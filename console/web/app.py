"""Build the console's application: routes, headers, and errors as pages or as JSON."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from console.access.people import DeadLinkError, UnknownPersonError
from console.access.permission import ForbiddenError, NothingThereError
from console.access.provider import ProviderError
from console.drops.approval import OwnWorkError
from console.drops.conflict import ConflictError
from console.drops.register import UnknownDropError
from console.i18n import LocalizedText
from console.reports.basis import (
    EmptyWarehouseError,
    NotRandomisedError,
    UnknownCampaignError,
    words_of,
)
from console.reports.consistency import InconsistentError
from console.settlement.party import UnknownPartyError
from console.wallets import UnknownWalletError
from console.warehouse import Warehouse, WarehouseDownError
from console.web import (
    access_api,
    account_pages,
    api,
    audit_pages,
    door,
    drop_api,
    drop_making,
    drop_pages,
    people_pages,
    report_pages,
    settlement_pages,
    sign_in_pages,
    wallet_pages,
)
from console.web.door import StrangerError
from console.web.limits import KNOWN, STRANGERS
from console.web.parameters import UnknownParameterError, only_declared
from console.web.rendering import page
from console.web.security import HEADERS, HTTPS_HEADERS, SAFE, is_foreign
from console.web.state import AppState, state
from flowdrop.hosts import allowed_hosts
from flowdrop.settings import Addresses, load
from sql import condition

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from fastapi import Response

    from console.settings import ConsoleSettings

STATIC = Path(__file__).parent.parent / "static"

# Which message goes with which status and title; the first match counts.
FAILURES: tuple[tuple[type[Exception], int, str], ...] = (
    (WarehouseDownError, 503, "warehouse_down"),
    (EmptyWarehouseError, 503, "warehouse_empty"),
    (UnknownCampaignError, 404, "unknown_campaign"),
    (NotRandomisedError, 404, "not_randomised"),
    (UnknownDropError, 404, "unknown_drop"),
    (UnknownWalletError, 404, "unknown_wallet"),
    (UnknownPartyError, 404, "unknown_party"),
    (NothingThereError, 404, "no_page"),
    (UnknownPersonError, 404, "no_page"),
    (ForbiddenError, 403, "forbidden"),
    (OwnWorkError, 403, "forbidden"),
    (ConflictError, 409, "conflict"),
    (DeadLinkError, 404, "dead_link"),
    (ProviderError, 502, "provider"),
    (InconsistentError, 500, "inconsistent"),
    (UnknownParameterError, 422, "refused"),
    (click.ClickException, 400, "refused"),
)

NO_TOKEN = LocalizedText(
    "authentication required: send a token as Authorization: Bearer ... (your account's page makes "
    "one), or sign in by a browser (`flowdrop console link` prints a link)"
)
TOO_MANY = LocalizedText("Too many requests; wait a little, then try again.")
NO_PAGE = LocalizedText("The address may be mistyped, or the page has moved.")
NO_METHOD = LocalizedText("Open the page by its address, and send only its own form.")
BROKEN = LocalizedText("The server's log has the details.")
NOTHING_CHOSEN = LocalizedText(
    "Select at least one campaign (`campaign` in the address), then try again."
)
FORBIDDEN = {
    "foreign_form": LocalizedText("This form was sent from another site."),
    "old_form": LocalizedText("This form has expired; open the page again."),
    "no_token": LocalizedText(
        "A change by the API takes a token, sent as Authorization: Bearer ...; your account's page "
        "makes one."
    ),
}

ROOMS = (
    *(account_pages, people_pages, audit_pages, access_api),
    *(api, drop_api, report_pages, settlement_pages, drop_making, drop_pages, wallet_pages),
)

log = logging.getLogger(__name__)


def create_app(
    settings: ConsoleSettings,
    addresses: Addresses | None = None,
    warehouse: Warehouse | None = None,
) -> FastAPI:
    """Return the console.

    Args:
        settings: of the console.
        addresses: of worker and Kafka; by default from the settings' layers.
        warehouse: the way to ClickHouse; by default the one of the addresses.
    """
    addresses = addresses or load(Addresses)
    app = FastAPI(title="flowdrop", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
    app.state.console = AppState(settings, addresses, warehouse or Warehouse(addresses.clickhouse))
    app.middleware("http")(_ask)
    names = allowed_hosts(settings.console_host, settings.console_behind)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=names)
    app.middleware("http")(_headers)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.include_router(sign_in_pages.router)  # where providers send parameters of their own
    for room in ROOMS:
        app.include_router(room.router, dependencies=[Depends(only_declared)])
    app.get("/healthz", include_in_schema=False)(healthz)
    app.exception_handler(StrangerError)(_stranger)
    app.exception_handler(click.ClickException)(_failed)
    app.exception_handler(HTTPException)(_not_served)
    app.exception_handler(RequestValidationError)(_misasked)
    app.exception_handler(Exception)(_broken)
    return app


def healthz(request: Request) -> dict[str, Any]:
    """Report that the console serves, and whether the warehouse's tables are intact."""
    try:
        with state(request).warehouse.client() as client:
            found = condition.faults(client)
    except WarehouseDownError:
        return {"status": "ok", "warehouse": "down"}
    if found:
        return {"status": "ok", "warehouse": "incomplete", "tables": found}
    return {"status": "ok", "warehouse": "up"}


async def _headers(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    response = await call_next(request)
    own = {**HEADERS, **(HTTPS_HEADERS if state(request).is_https else {})}
    for name, value in own.items():
        response.headers.setdefault(name, value)
    if not request.url.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response


async def _ask(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Let in who is known, at a bearable rate, and nothing that another site's page sends."""
    path = request.url.path
    if path.startswith("/static/") or path == "/healthz":
        return await call_next(request)
    try:
        visit = await run_in_threadpool(door.visitor, request)
    except click.ClickException as error:  # the database is away
        return _failed(request, error)
    request.state.visit = visit
    address = request.client.host if request.client else ""
    who, rate = (visit.key or visit.name, KNOWN) if visit else (address, STRANGERS)
    if not state(request).limits.take(who, rate):
        answer = _answer(request, 429, "too_many", TOO_MANY, [])
        answer.headers["Retry-After"] = "5"
        return answer
    if visit is None and not door.is_open(path):
        return await run_in_threadpool(_stranger, request, StrangerError())
    if request.method not in SAFE and is_foreign(request):
        return _answer(request, 403, "forbidden", FORBIDDEN["foreign_form"], [])
    return await call_next(request)


def _stranger(request: Request, _error: Exception) -> Response:
    """Answer who is not known: a program in words, a browser with the form to sign in."""
    path = request.url.path
    if path.startswith("/api/"):
        response = _answer(request, 401, "stranger", NO_TOKEN, [])
        response.headers["WWW-Authenticate"] = "Bearer"
        return response
    to = f"{path}?{request.url.query}" if request.url.query else path
    is_page = request.method in SAFE and not door.is_open(path)
    return sign_in_pages.sign_in_page(request, 401, to=to if is_page else "/")


def _answer(
    request: Request, status: int, kind: str, words: LocalizedText, alike: list[str]
) -> Response:
    """Answer with a message; one that only its author can translate is quoted as it is."""
    if request.url.path.startswith("/api/"):
        return api.answer({"error": words.en, "kind": kind, "alike": alike}, status)
    response = page(request, "error.html", kind=kind, words=words, alike=alike)
    response.status_code = status
    return response


def _failed(request: Request, error: Exception) -> Response:
    """Answer a refusal in words; every click exception is a sentence for a person."""
    status, kind = next((s, k) for cls, s, k in FAILURES if isinstance(error, cls))
    words = (
        words_of(error)
        if isinstance(error, click.ClickException)
        else LocalizedText.untranslated(str(error))
    )
    return _answer(request, status, kind, words, list(getattr(error, "alike", ())))


def _not_served(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = str(error.detail) if isinstance(error, HTTPException) else str(error)
    as_it_came = LocalizedText.untranslated(detail)
    kind, words = {
        404: ("no_page", NO_PAGE),
        403: ("forbidden", FORBIDDEN.get(detail, as_it_came)),
        405: ("no_method", NO_METHOD),
    }.get(status, ("refused", as_it_came))
    return _answer(request, status, kind, words, [])


def _misasked(request: Request, error: Exception) -> Response:
    """Name the first field that is missing or wrong."""
    first = error.errors()[0] if isinstance(error, RequestValidationError) else {}
    where = first.get("loc", ("",))
    field = ".".join(str(part) for part in where[1:])
    missing = first.get("type") == "missing" or "too_short" in first.get("type", "")
    if where[0] == "body" and request.url.path.startswith("/api/"):
        words = _misbodied(field, first, missing=missing)
    elif missing and field == "campaign":
        return _answer(request, 422, "nothing_chosen", NOTHING_CHOSEN, [])
    elif missing:
        words = LocalizedText(
            "The address lacks {field}; open the page from its menu or form.", field=field
        )
    else:
        words = LocalizedText(
            "The value of {field} in the address is not valid; open the page from its menu or "
            "form.",
            field=field,
        )
    return _answer(request, 422, "refused", words, [])


def _misbodied(field: str, first: Mapping[str, Any], *, missing: bool) -> LocalizedText:
    """Return what is wrong with a body that a program sent."""
    see = "/api/openapi.json"
    if first.get("type") == "json_invalid" or not field:
        return LocalizedText("The body is not a JSON object; see {see}.", see=see)
    if missing:
        return LocalizedText("{field}: the body lacks it; see {see}.", field=field, see=see)
    if first.get("type") == "extra_forbidden":
        return LocalizedText("{field}: no such field; see {see}.", field=field, see=see)
    given = repr(first.get("input"))[:60]
    return LocalizedText(
        "{field}: {given} is not of its type; see {see}.", field=field, given=given, see=see
    )


def _broken(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _answer(request, 500, "broken", BROKEN, [])
