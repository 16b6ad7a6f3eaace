"""How far a drop's approval is: its last review, and who decided what in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from console.drops.selection import TREATED
from console.drops.tables import DecisionRow, Drop, MemberRow, ReviewRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from console.drops.policy import Policy

AUTOMATIC = "automatic"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What somebody decided in a review, and why."""

    who: str
    approves: bool
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far a drop's approval is.

    Attributes:
        name: of the drop.
        state: of the drop: draft, in_review, approved, or what came after.
        version: of its terms, counted from 1.
        needed: how many people approve it.
        automatic: whether it was approved, or would be, by its size alone.
        review: number of the last review, which a decision names; none before the first.
        asked_by: who handed it in.
        asked_at: when.
        outcome: of the last review; none while it is open.
        decisions: in that review, in their order.
    """

    name: str
    state: str
    version: int
    needed: int
    automatic: bool
    review: int | None
    asked_by: str | None
    asked_at: datetime | None
    outcome: str | None
    decisions: list[Decision]

    @property
    def approvals(self) -> int:
        """How many have approved it."""
        return sum(one.approves for one in self.decisions)


def standing(session: Session, drop: Drop, policy: Policy) -> Standing:
    """Return how far the approval of a drop is."""
    last = last_review(session, drop.name)
    # A draft's last review was of other terms, or was refused: the policy counts again.
    if last is None or drop.state == "draft":
        needed = approvals_needed(session, drop, policy)
    else:
        needed = last.needed
    return Standing(
        name=drop.name,
        state=drop.state,
        version=drop.version,
        needed=needed,
        automatic=not needed,
        review=last.id if last else None,
        asked_by=last.asked_by if last else None,
        asked_at=last.asked_at if last else None,
        outcome=last.outcome if last else None,
        decisions=[
            Decision(who=one.who, approves=one.approves, reason=one.reason, at=one.at)
            for one in (decisions(session, last.id) if last else ())
        ],
    )


def waiting(session: Session, policy: Policy) -> list[Standing]:
    """Return the drops in review, the longest waiting first."""
    asked = (
        select(Drop)
        .where(
            *(Drop.submitted_at.is_not(None), Drop.approved_at.is_(None)),
            *(Drop.launched_at.is_(None), Drop.cancelled_at.is_(None)),
        )
        .order_by(Drop.submitted_at, Drop.name)
    )
    return [standing(session, each, policy) for each in session.scalars(asked)]


def last_review(session: Session, name: str) -> ReviewRow | None:
    """Return the last review of a drop; none before the first."""
    return session.scalar(
        select(ReviewRow).where(ReviewRow.drop == name).order_by(ReviewRow.id.desc()).limit(1)
    )


def decisions(session: Session, review: int) -> list[DecisionRow]:
    """Return what was decided in a review, in its order."""
    return list(
        session.scalars(
            select(DecisionRow).where(DecisionRow.review == review).order_by(DecisionRow.id)
        )
    )


def approvals_needed(session: Session, drop: Drop, policy: Policy) -> int:
    """Return how many people the policy wants to approve a drop."""
    return policy.needed(drop.budget, treated(session, drop.name))


def treated(session: Session, name: str) -> int:
    """Return how many people get coins."""
    asked = select(func.count()).where(MemberRow.drop == name, MemberRow.arm == TREATED)
    return session.scalar(asked) or 0
