"""The REST API: what the commands print with `--json`, under the same keys."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from console.drops import preview as previewing
from console.drops import register
from console.drops.outcome import Outcome, outcome
from console.drops.since import kept
from console.drops.standing import Standing, standing
from console.reporting.answer_type import answer_type
from console.reporting.found import reports
from console.reporting.report import told
from console.wallets import Wallet, wallet
from console.web.asking import asks, found_and_fresh
from console.web.state import state
from console.web.visit import needs
from flowdrop.output import json_text

if TYPE_CHECKING:
    from console.reporting.report import Report, Values

router = APIRouter(prefix="/api")

PEOPLE_MAX = 1000


def answer(value: object, status: int = 200) -> Response:
    """Return `value` as JSON with times as the commands print them."""
    return Response(json_text(value).encode(), status, media_type="application/json")


def add_report(to: APIRouter, report: Report[Any]) -> None:
    """Add the endpoint of a report; its type is that of the result, its bytes are the command's."""

    def get(request: Request, asked: Values) -> Response:
        return answer(told(found_and_fresh(request, report, asked)))

    to.get(
        f"/{report.name}",
        response_model=answer_type(report),
        description=f"{report.summary} As `{report.usage} --json`.",
    )(asks(report, get))


for each in reports().values():
    if each.served:
        add_report(router, each)


@router.get(
    "/drops", response_model=list[previewing.Preview], dependencies=[Depends(needs("drop.read"))]
)
def get_drops(request: Request) -> Response:
    """Every drop, as `flowdrop drop list --json`."""
    with state(request).session() as session:
        return answer(
            [asdict(previewing.preview(session, each)) for each in register.every(session)]
        )


@router.get("/drops/{name}", response_model=Outcome, dependencies=[Depends(needs("drop.read"))])
def get_drop(request: Request, name: str) -> Response:
    """One drop as it stands, as `flowdrop drop show NAME --json`."""
    with state(request).session() as session:
        found = register.find(session, name)
        plan = previewing.preview(session, found)
        left_out = kept(session, name)
    with state(request).warehouse.client() as client:
        return answer(asdict(outcome(client, plan, found.acknowledged_at, left_out)))


@router.get(
    "/drops/{name}/preview",
    response_model=previewing.Preview,
    dependencies=[Depends(needs("drop.read"))],
)
def get_preview(request: Request, name: str) -> Response:
    """What launching does, as `flowdrop drop preview NAME --json` without the people."""
    with state(request).session() as session:
        return answer(asdict(previewing.preview(session, register.find(session, name))))


@router.get(
    "/drops/{name}/approval",
    response_model=Standing,
    dependencies=[Depends(needs("drop.read"))],
)
def get_approval(request: Request, name: str) -> Response:
    """How far the drop's approval is: the review that a decision names, who decided what."""
    at = state(request)
    with at.session() as session:
        return answer(asdict(standing(session, register.find(session, name), at.policy)))


@router.get(
    "/drops/{name}/people",
    response_model=list[previewing.Person],
    dependencies=[Depends(needs("drop.read"))],
)
def get_people(
    request: Request,
    name: str,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=PEOPLE_MAX)] = PEOPLE_MAX,
) -> Response:
    """People of the drop's audience, members first, `limit` from `offset` on."""
    with state(request).session() as session:
        found = previewing.people(session, register.find(session, name), offset=offset, limit=limit)
    return answer([asdict(person) for person in found])


@router.get(
    "/wallets/{account:path}", response_model=Wallet, dependencies=[Depends(needs("wallet.read"))]
)
def get_wallet(request: Request, account: str, offset: Annotated[int, Query(ge=0)] = 0) -> Response:
    """One wallet: live balance, last known balance, a page of postings."""
    with state(request).warehouse.client() as client:
        return answer(asdict(wallet(client, account, state(request).live, offset)))
