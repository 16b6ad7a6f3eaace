"""What launching a drop would do, per person: read from what was frozen, as launching does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from console.drops.selection import HOLDOUT, TREATED
from console.drops.tables import LeftOutRow, MemberRow
from console.reports.foreseen import Foreseen

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import InstrumentedAttribute, Session

    from console.drops.tables import Drop


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A drop's terms and what they amount to; coins are the program's smallest unit."""

    name: str
    state: str
    program: str
    audience: str
    audience_people: int
    amount: int
    budget: int
    people: int  # treated and held out
    treated: int
    holdout: int
    holdout_share: float  # as drawn, not as asked
    cost: int  # coins, if every grant is applied
    budget_left: int
    left_out: dict[str, int]  # people by reason
    until: datetime | None
    design: str | None  # how its effect is measured; none of a drop from before that was recorded
    goals: list[str]
    guardrails: list[str]
    planned_people: int | None
    planned_end: datetime | None
    tuned_at: int | None  # N*, of an always-valid reading
    smallest_lift: float | None  # that matters, a share
    power: list[Foreseen]  # what it can show, by goal metric
    created_at: datetime
    created_by: str
    version: int  # of its terms, from 1
    submitted_at: datetime | None  # to be approved; none while it is a draft
    approved_at: datetime | None
    launched_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Person:
    """One person of the audience and what the drop does about them."""

    person: str
    rank: int
    score: float | None  # None: of a list, which has none
    arm: str  # drop, holdout, or none for people left out
    probability: float | None
    coins: int
    reason: str  # of people left out, otherwise empty


def preview(session: Session, drop: Drop) -> Preview:
    """Return what launching `drop` does, in counts and coins."""
    arms = _counts(session, MemberRow.arm, MemberRow.drop == drop.name)
    left_out = _counts(session, LeftOutRow.reason, LeftOutRow.drop == drop.name)
    treated, held = arms.get(TREATED, 0), arms.get(HOLDOUT, 0)
    cost = treated * drop.amount
    return Preview(
        name=drop.name,
        state=drop.state,
        program=drop.program,
        audience=drop.audience,
        audience_people=treated + held + sum(left_out.values()),
        amount=drop.amount,
        budget=drop.budget,
        people=treated + held,
        treated=treated,
        holdout=held,
        holdout_share=held / (treated + held) if treated + held else 0.0,
        cost=cost,
        budget_left=drop.budget - cost,
        left_out=left_out,
        until=drop.until,
        design=drop.design,
        goals=drop.goals or [],
        guardrails=drop.guardrails or [],
        planned_people=drop.planned_people,
        planned_end=drop.planned_end,
        tuned_at=drop.tuned_at,
        smallest_lift=drop.smallest_lift,
        power=[Foreseen(**one) for one in drop.power or ()],
        created_at=drop.created_at,
        created_by=drop.created_by,
        version=drop.version,
        submitted_at=drop.submitted_at,
        approved_at=drop.approved_at,
        launched_at=drop.launched_at,
    )


def people(
    session: Session, drop: Drop, *, offset: int = 0, limit: int | None = None
) -> list[Person]:
    """Return the people of the drop's audience: members by rank, then those left out by rank."""
    found = [
        Person(
            person=m.person,
            rank=m.rank,
            score=m.score,
            arm=m.arm,
            probability=m.probability,
            coins=drop.amount if m.arm == TREATED else 0,
            reason="",
        )
        for m in session.scalars(
            select(MemberRow)
            .where(MemberRow.drop == drop.name)
            .order_by(MemberRow.rank, MemberRow.person)
            .offset(offset)
            .limit(limit)
        )
    ]
    if limit is not None and len(found) == limit:
        return found
    members = session.scalar(
        select(func.count()).select_from(MemberRow).where(MemberRow.drop == drop.name)
    )
    rest = session.scalars(
        select(LeftOutRow)
        .where(LeftOutRow.drop == drop.name)
        .order_by(LeftOutRow.rank, LeftOutRow.person)
        .offset(max(0, offset - (members or 0)))
        .limit(None if limit is None else limit - len(found))
    )
    return found + [
        Person(
            person=p.person,
            rank=p.rank,
            score=p.score,
            arm="",
            probability=None,
            coins=0,
            reason=p.reason,
        )
        for p in rest
    ]


def _counts(
    session: Session, column: InstrumentedAttribute[str], where: ColumnElement[bool]
) -> dict[str, int]:
    found = session.execute(
        select(column, func.count()).where(where).group_by(column).order_by(column)
    )
    return {row[0]: row[1] for row in found}
