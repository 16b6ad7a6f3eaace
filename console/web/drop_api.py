"""What the API changes of drops, for programs with a token: a sign-in alone changes nothing."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime  # noqa: TC003 - pydantic reads it of a model
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from console.drops import register, service
from console.drops.drawing import Sketch
from console.drops.measurement import Measured
from console.drops.preview import Preview
from console.drops.terms import EXPLORE_MIN, Terms
from console.web.api import answer
from console.web.drop_doing import changed, created, launched, sketched
from console.web.drop_form import utc
from console.web.state import state
from console.web.visit import needs

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi.responses import Response


def by_token(request: Request) -> None:
    """Refuse a change that a browser asks for by its sign-in alone; a dependency of handlers.

    A page's forms carry a token of their own; what has none could come from another site.

    Raises:
        HTTPException: 403.
    """
    if "authorization" not in request.headers:
        raise HTTPException(403, "no_token")


def changes(action: str) -> list[Any]:
    """Return what a handler depends on that does `action`: first whether there is such a thing."""
    return [Depends(needs(action)), Depends(by_token)]


router = APIRouter(prefix="/api/drops")
WRITES = changes("drop.write")


class NewDrop(BaseModel):
    """The terms of a new drop; coins are the program's smallest unit, shares are 0 to 1."""

    model_config = ConfigDict(extra="forbid")

    name: str
    program: str
    audience: str
    amount: int
    budget: int
    holdout: float = 0.1
    explore: float = EXPLORE_MIN
    until: datetime | None = None
    design: str | None = None
    goals: list[str] = Field(default_factory=list)
    guardrails: list[str] = Field(default_factory=list)
    planned_end: datetime | None = None
    tuned_at: int | None = None
    smallest_lift: float | None = None

    def terms(self) -> Terms:
        """Return the terms as the register takes them; a time without a zone is UTC."""
        return Terms(
            name=self.name,
            program=self.program,
            audience=self.audience,
            amount=self.amount,
            budget=self.budget,
            holdout=self.holdout,
            explore=self.explore,
            until=utc("until", self.until),
            measured=Measured(
                design=self.design,
                goals=",".join(self.goals) or None,
                guardrails=",".join(self.guardrails),
                planned_end=utc("planned_end", self.planned_end),
                tuned_at=self.tuned_at,
                smallest_lift=self.smallest_lift,
            ),
        )


class Decision(BaseModel):
    """What an approver says of what is in review.

    Attributes:
        reason: in words; a rejection needs one.
        review: number of the review that was looked at, so that no later version is decided on.
    """

    model_config = ConfigDict(extra="forbid")

    reason: str = ""
    review: int | None = None


class Launched(BaseModel):
    """What a launch published."""

    name: str
    events: int  # that Kafka acknowledged
    state: str


@router.post("", status_code=201, response_model=Preview, dependencies=WRITES)
def create(request: Request, wanted: NewDrop) -> Response:
    """Create a draft: freeze its people and draw its holdout. Nothing is published."""
    made = created(request, wanted.terms())
    found = answer(asdict(made), 201)
    found.headers["Location"] = f"/api/drops/{made.name}"
    return found


@router.post("/sketch", response_model=Sketch, dependencies=WRITES)
def sketch(request: Request, wanted: NewDrop) -> Response:
    """Say what creating it would come to; nothing is stored."""
    return answer(asdict(sketched(request, wanted.terms())))


@router.post("/{name}/submit", response_model=Preview, dependencies=WRITES)
def submit(request: Request, name: str) -> Response:
    """Hand a draft in for review; a small one is approved by that."""
    return _changed(request, name, service.submit, policy=state(request).policy)


@router.post("/{name}/withdraw", response_model=Preview, dependencies=WRITES)
def withdraw(request: Request, name: str) -> Response:
    """Make what is in review or approved a draft again."""
    return _changed(request, name, service.withdraw)


@router.post("/{name}/cancel", response_model=Preview, dependencies=WRITES)
def cancel(request: Request, name: str) -> Response:
    """Cancel a drop that was not launched."""
    return _changed(request, name, service.cancel)


@router.post("/{name}/approve", response_model=Preview, dependencies=changes("drop.approve"))
def approve(request: Request, name: str, said: Decision | None = None) -> Response:
    """Approve what is in review; never one's own work."""
    return _decided(request, name, said, approves=True)


@router.post("/{name}/reject", response_model=Preview, dependencies=changes("drop.approve"))
def reject(request: Request, name: str, said: Decision | None = None) -> Response:
    """Reject what is in review, with a reason; it is a draft again."""
    return _decided(request, name, said, approves=False)


@router.post("/{name}/launch", response_model=Launched, dependencies=changes("drop.launch"))
def launch(request: Request, name: str) -> Response:
    """Publish the drop. Asked again, it publishes the same events, and nobody is granted twice."""
    sent = launched(request, name)
    with state(request).session() as session:
        found = register.find(session, name).state
    return answer({"name": name, "events": sent, "state": found})


def _decided(request: Request, name: str, said: Decision | None, *, approves: bool) -> Response:
    said = said or Decision()
    how = {"approves": approves, "reason": said.reason, "review": said.review}
    return _changed(request, name, service.decide, **how)


def _changed(request: Request, name: str, change: Callable[..., object], **how: Any) -> Response:
    return answer(asdict(changed(request, name, change, **how)))
