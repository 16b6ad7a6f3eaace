"""Reports over HTTP: a report's parameters as those of a handler, and links to it."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from fastapi import Query, Request

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


def asks(report: Report[Any], handler: Callable[..., Any], *, form: bool = False) -> Any:
    """Return `handler(request, asked)` with the report's parameters as FastAPI reads them.

    Args:
        report: whose.
        handler: takes the request and the arguments.
        form: whether none is required, as for a page that asks for what is missing.
    """

    def answer(request: Request, **asked: Any) -> Any:
        asked.pop(AS_ORGANISATION)  # see `viewer`
        viewer(request)  # an organisation's people are nobody else's
        actor = actor_of(request)
        require(actor, reads(report) if actor.organisation is None else "report.read")
        return handler(request, asked)

    places = [_place(parameter, form=form) for parameter in report.parameters]
    places.append(
        inspect.Parameter(
            AS_ORGANISATION, inspect.Parameter.KEYWORD_ONLY, annotation=str, default=""
        )
    )
    first = inspect.Parameter("request", inspect.Parameter.KEYWORD_ONLY, annotation=Request)
    answer.__signature__ = inspect.Signature([first, *places])  # type: ignore[attr-defined]
    answer.__name__ = f"get_{report.name}"
    return answer


def _place(parameter: Parameter, *, form: bool) -> inspect.Parameter:
    kind: Any = parameter.kind
    default: Any = inspect.Parameter.empty
    if parameter.optional:
        kind = Annotated[list[kind], Query()]
        default = []
    elif parameter.many:
        kind = Annotated[list[kind], Query(min_length=1)]
    elif form:
        default = "" if parameter.default is None else parameter.default
    elif not parameter.required:
        default = parameter.default
        kind = kind | None if default is None else kind
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
