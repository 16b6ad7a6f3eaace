"""The API of access: who one is, people, the audit log."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Query, Request

from console.access import audit, people, told
from console.access.audit import Verdict
from console.access.told import Entry, Me, Person
from console.web.api import answer
from console.web.state import state
from console.web.visit import actor_of, needs

if TYPE_CHECKING:
    from fastapi.responses import Response

router = APIRouter(prefix="/api")
ENTRIES_MAX = 1000


@router.get("/me", response_model=Me)
def get_me(request: Request) -> Response:
    """Who asks, and what they may do."""
    return answer(asdict(told.me(actor_of(request))))


@router.get("/people", response_model=list[Person], dependencies=[Depends(needs("people.manage"))])
def get_people(request: Request) -> Response:
    """Everybody with an account, as `flowdrop users list --json`."""
    with state(request).session() as session:
        return answer([asdict(told.person(session, each)) for each in people.every(session)])


@router.get("/audit", response_model=list[Entry], dependencies=[Depends(needs("audit.read"))])
def get_audit(
    request: Request,
    before: int | None = None,
    about: str = "",
    limit: Annotated[int, Query(ge=1, le=ENTRIES_MAX)] = 100,
) -> Response:
    """The audit log, newest first, as `flowdrop audit list --json`; `before` is a cursor."""
    with state(request).session() as session:
        found = audit.entries(session, limit=limit, before=before, about=about)
        return answer([asdict(told.entry(each)) for each in found])


@router.get("/audit/verify", response_model=Verdict, dependencies=[Depends(needs("audit.read"))])
def get_verdict(request: Request, expect: str = "") -> Response:
    """Whether the audit log's chain is whole, as `flowdrop audit verify --json`."""
    with state(request).session() as session:
        return answer(asdict(audit.verify(session, expect)))
