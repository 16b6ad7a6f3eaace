"""Approval of drops: nobody launches alone what is large.

A drop is handed in for review, and is locked until it is decided. Whoever made it, changed it last
or handed it in decides nothing. A drop within the policy's limits is approved as it is handed in,
and recorded as approved automatically. A change after that makes it a draft again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from console.access.audit import record
from console.access.permission import Actor, Thing, person_of, require
from console.drops.conflict import ConflictError
from console.drops.register import find
from console.drops.standing import (
    AUTOMATIC,
    approvals_needed,
    decisions,
    last_review,
    treated,
)
from console.drops.tables import REASON_CHARS_MAX, DecisionRow, Drop, ReviewRow
from console.i18n import LocalizedText
from console.reports.basis import LocalizedError

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from console.drops.policy import Policy

APPROVED, REJECTED, WITHDRAWN = "approved", "rejected", "withdrawn"


class OwnWorkError(LocalizedError):
    """Somebody may not decide on what they made."""

    def __init__(self, name: str, who: str) -> None:
        super().__init__(
            LocalizedText(
                "{who} made drop {name!r}, changed it last or handed it in; somebody else has to "
                "decide",
                name=name,
                who=who,
            )
        )


class NotApprovedError(ConflictError):
    """A drop that nobody has approved is not launched."""

    def __init__(self, drop: Drop, needed: int) -> None:
        if drop.state == "in_review":
            words = LocalizedText(
                "drop {name!r} is in review; it can be launched once it is approved", name=drop.name
            )
        else:
            words = LocalizedText.plural(
                "drop {name!r} is too large to be launched unless {n} approver agrees; hand it in "
                "with `flowdrop drop submit {name}`",
                "drop {name!r} is too large to be launched unless {n} approvers agree; hand it in "
                "with `flowdrop drop submit {name}`",
                needed,
                name=drop.name,
            )
        super().__init__(words)


def thing(drop: Drop) -> Thing:
    """Return a drop as permission knows it: the platform's, by who made its last version."""
    made_by = {person_of(who) for who in (drop.created_by, drop.changed_by) if who}
    return Thing(kind="drop", name=drop.name, authors=frozenset(made_by))


def involved(session: Session, drop: Drop) -> frozenset[str]:
    """Return who may not decide on a drop: its authors, and who handed it in last."""
    last = last_review(session, drop.name)
    return thing(drop).authors | ({person_of(last.asked_by)} if last else set())


def submit(session: Session, name: str, *, who: str, now: datetime, policy: Policy) -> Drop:
    """Hand a draft in for review; a small one is approved by that. It commits.

    Raises:
        ConflictError: when it is no draft.
    """
    drop = _locked(session, name)
    if drop.state != "draft":
        raise ConflictError(
            LocalizedText(
                "drop {name!r} is not a draft, so it can't be handed in for review", name=name
            )
        )
    _hand_in(session, drop, who=who, now=now, policy=policy)
    session.commit()
    return drop


def require_approved(
    session: Session, drop: Drop, *, who: str, now: datetime, policy: Policy
) -> None:
    """Refuse to launch what nobody approved; a small draft is approved by asking. No commit.

    Raises:
        NotApprovedError: otherwise.
    """
    check_approved(session, _locked(session, drop.name), policy)
    if drop.state == "draft":
        _hand_in(session, drop, who=who, now=now, policy=policy)


def check_approved(session: Session, drop: Drop, policy: Policy) -> None:
    """Refuse a drop that may not be launched yet.

    Raises:
        NotApprovedError: when it is in review, or a draft too large for what nobody approves.
    """
    if drop.state not in {"draft", "in_review"}:
        return
    needed = approvals_needed(session, drop, policy)
    if needed or drop.state == "in_review":
        raise NotApprovedError(drop, needed)


def withdraw(session: Session, name: str, *, who: str, now: datetime) -> Drop:
    """Make a drop that is in review or approved a draft again, to be changed; it commits.

    Raises:
        ConflictError: when it is neither.
    """
    drop = _locked(session, name)
    if drop.state not in {"in_review", "approved"}:
        raise ConflictError(
            LocalizedText(
                "drop {name!r} is neither in review nor approved, so it can't be withdrawn",
                name=name,
            )
        )
    last = last_review(session, name)
    if last is not None and last.outcome is None:
        last.outcome, last.ended_at = WITHDRAWN, now
    drop.submitted_at = drop.approved_at = None
    record(session, at=now, who=who, action="withdraw", drop=name)
    session.commit()
    return drop


def decide(
    session: Session,
    name: str,
    *,
    actor: Actor,
    approves: bool,
    reason: str,
    review: int | None,
    now: datetime,
) -> Drop:
    """Approve or reject a drop that is in review; it commits.

    Everything is judged after the drop's row is taken, so that two who decide at once follow one
    another.

    Args:
        session: of the console's database.
        name: of the drop.
        actor: who decides.
        approves: or rejects, which makes it a draft again.
        reason: in words; a rejection needs one.
        review: number of the one that they saw; none for whichever is open.
        now: the time of the decision.

    Raises:
        ForbiddenError: when `actor` is no approver.
        OwnWorkError: when they made it, changed it last or handed it in.
        ConflictError: when it was decided already, or is not in review.
        LocalizedError: when a rejection has no reason.
    """
    drop = _locked(session, name)
    open_one = _open_review(session, drop, review)
    person = person_of(actor.name)
    if person in involved(session, drop):
        raise OwnWorkError(name, person)
    require(actor, "drop.approve", thing(drop))
    if any(one.person == person for one in decisions(session, open_one.id)):
        raise ConflictError(
            LocalizedText("{who} has decided on drop {name!r} already", name=name, who=person)
        )
    reason = reason.strip()[:REASON_CHARS_MAX]
    if not approves and not reason:
        raise LocalizedError(LocalizedText("reason: a rejection needs one; say what has to change"))
    session.add(
        DecisionRow(
            review=open_one.id,
            person=person,
            who=actor.name,
            approves=approves,
            reason=reason,
            at=now,
        )
    )
    try:
        session.flush()
    except IntegrityError as error:  # where a database lets two through
        session.rollback()
        raise _decided(name) from error
    given = sum(one.approves for one in decisions(session, open_one.id))
    if not approves:
        open_one.outcome, open_one.ended_at, drop.submitted_at = REJECTED, now, None
    elif given >= open_one.needed:
        open_one.outcome, open_one.ended_at, drop.approved_at = APPROVED, now, now
    detail: dict[str, object] = {
        "version": drop.version,
        "review": open_one.id,
        "needed": open_one.needed,
        "given": given,
        **({"reason": reason} if reason else {}),
    }
    action = "approve" if approves else "reject"
    record(session, at=now, who=actor.name, action=action, drop=name, detail=detail)
    session.commit()
    return drop


def attribution(session: Session, drop: Drop) -> dict[str, Any]:
    """Return who made a drop and who approved it, as the log of its launch keeps them."""
    last = last_review(session, drop.name)
    if last is None:
        return {}
    return {
        "author": drop.changed_by or drop.created_by,
        "approved_by": [one.who for one in decisions(session, last.id) if one.approves]
        or AUTOMATIC,
    }


def _hand_in(session: Session, drop: Drop, *, who: str, now: datetime, policy: Policy) -> None:
    people = treated(session, drop.name)
    needed = policy.needed(drop.budget, people)
    review = ReviewRow(
        drop=drop.name,
        version=drop.version,
        asked_at=now,
        asked_by=who,
        needed=needed,
        budget=drop.budget,
        people=people,
    )
    session.add(review)
    drop.submitted_at = now
    detail = {"version": drop.version, "needed": needed, "budget": drop.budget, "people": people}
    record(session, at=now, who=who, action="submit", drop=drop.name, detail=detail)
    if not needed:
        review.outcome, review.ended_at, drop.approved_at = APPROVED, now, now
        record(session, at=now, who=who, action="approve_automatic", drop=drop.name, detail=detail)
    session.flush()


def _locked(session: Session, name: str) -> Drop:
    """Return a drop whose row nobody else may change until this transaction ends."""
    find(session, name)
    session.execute(update(Drop).where(Drop.name == name).values(version=Drop.version))
    drop = find(session, name)
    session.refresh(drop)
    return drop


def _open_review(session: Session, drop: Drop, seen: int | None) -> ReviewRow:
    last = last_review(session, drop.name)
    if last is None or drop.state != "in_review" or seen not in {None, last.id}:
        raise _decided(drop.name)
    return last


def _decided(name: str) -> ConflictError:
    return ConflictError(
        LocalizedText(
            "drop {name!r} is not in review any more, or was handed in anew: somebody decided "
            "or changed it meanwhile; look at it again",
            name=name,
        )
    )
