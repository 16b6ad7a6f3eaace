"""Reports over HTTP: a report's parameters as those of a handler, and links to it."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from fastapi import Query, Request
from pydantic import BeforeValidator

from console.access.permission import NothingThereError, require
from console.reporting.freshness import with_freshness
from console.reporting.viewer import STAFF, Viewer, viewer_of
from console.web.state import state
from console.web.visit import actor_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.reporting.answer import Answer
    from console.reporting.report import Parameter, Report, Values

T = TypeVar("T")

AS_ORGANISATION = "as_organisation"  # the advertiser as whose people staff see a report
# What reading a report takes, where it is more than of the reports of campaigns. An organisation's
# people are refused these in words, as every report that has no protection.
READS = {
    "settlement": "settlement.read",
    "compliance": "compliance.read",
    "flags": "compliance.read",
    "reserve": "compliance.read",
    "outcome": "drop.read",
}
NOT_ASKED: tuple[object, ...] = (None, "", [])


def asks(
    report: Report[Any],
    handler: Callable[..., Any],
    *,
    page: bool = False,
    form: bool = False,
    also: tuple[str, ...] = (),
) -> Any:
    """Return `handler(request, asked)` with the report's parameters as FastAPI reads them.

    Args:
        report: whose.
        handler: takes the request and the arguments.
        page: whether none is required, as for a page, which asks for what is missing.
        form: whether what is left out is "", as for a page with a form of its own.
        also: further parameters of the address, which the handler reads itself.
    """

    def answer(request: Request, **asked: Any) -> Any:
        for name in (AS_ORGANISATION, *also):  # see `viewer`
            asked.pop(name)
        viewer(request)  # an organisation's people are nobody else's
        actor = actor_of(request)
        require(actor, reads(report) if actor.organisation is None else "report.read")
        return handler(request, asked)

    places = [_place(parameter, page=page, form=form) for parameter in report.parameters]
    places += [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=str, default="")
        for name in (AS_ORGANISATION, *also)
    ]
    first = inspect.Parameter("request", inspect.Parameter.KEYWORD_ONLY, annotation=Request)
    answer.__signature__ = inspect.Signature([first, *places])  # type: ignore[attr-defined]
    answer.__name__ = f"get_{report.name}"
    return answer


def _place(parameter: Parameter, *, page: bool, form: bool) -> inspect.Parameter:
    kind: Any = parameter.kind
    default: Any = inspect.Parameter.empty
    if parameter.many:
        is_free = parameter.optional or page
        kind = Annotated[list[kind], Query() if is_free else Query(min_length=1)]
        default = [] if is_free else default
    elif form:
        default = "" if parameter.default is None else parameter.default
    elif not parameter.required:
        default = parameter.default
        kind = kind | None if default is None else kind
        kind = Annotated[kind, BeforeValidator(lambda text: default if text == "" else text)]
    elif page:
        default = ""
    return inspect.Parameter(
        parameter.name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default
    )


def reads(report: Report[Any]) -> str:
    """Return the action that reading a report is."""
    return READS.get(report.name, "report.read")


def viewer(request: Request) -> Viewer:
    """Return who sees a report: their organisation's people; staff may see as others do.

    Raises:
        NothingThereError: when an organisation's people ask to see as another's do.
    """
    own, asked = actor_of(request).viewer, request.query_params.get(AS_ORGANISATION)
    if own.is_staff:
        return viewer_of(asked)
    if asked not in (None, "", own.organisation):
        raise NothingThereError
    return own


def found(request: Request, report: Report[T], asked: Values) -> Answer[T]:
    """Return the answer for the arguments, from the request's warehouse."""
    at = state(request)
    with at.warehouse.client() as client:
        return report.find(client, asked, at.settings, viewer=viewer(request))


def found_and_fresh(request: Request, report: Report[T], asked: Values) -> Answer[T]:
    """Return the same, and how fresh it is."""
    at = state(request)
    with at.warehouse.client() as client:
        answer = report.find(client, asked, at.settings, viewer=viewer(request))
        return with_freshness(answer, client, report, asked, at.settings.zone, at.ends())


def given(asked: Values, seen_by: Viewer = STAFF) -> dict[str, Any]:
    """Return the arguments that were given, as a link repeats them."""
    repeated = {name: value for name, value in asked.items() if value not in NOT_ASKED}
    return repeated if seen_by.is_staff else {**repeated, AS_ORGANISATION: seen_by.organisation}
