"""Create, find and cancel drops in the console's database, and log who did it."""

from __future__ import annotations

import difflib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from console.access.audit import record
from console.drops import audience, measurement
from console.drops.conflict import ConflictError
from console.drops.drawing import draw, power
from console.drops.measurement import Measured
from console.drops.restraint import NO_RESTRAINT
from console.drops.selection import Member
from console.drops.tables import AuditRow, Drop, LeftOutRow, MemberRow
from console.drops.terms import Terms, check
from console.i18n import LocalizedText, Names
from console.reports.basis import LocalizedError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from clickhouse_connect.driver.client import Client
    from sqlalchemy.orm import Session

    from console.drops.restraint import Restraint
    from console.drops.selection import Selection


def create(  # noqa: PLR0913 - all but the first three are named
    session: Session,
    client: Client,
    terms: Terms,
    *,
    programs: Path,
    partitions: int,
    secret: str,
    who: str,
    now: datetime,
    restraint: Restraint = NO_RESTRAINT,
) -> Drop:
    """Freeze the people of a new drop, draw its arms, and store both.

    Args:
        session: of the console's database; committed.
        client: of the warehouse, which knows the audience, consent and wallets.
        terms: of the drop.
        programs: folder of the programs' TOML files.
        partitions: how many every topic has.
        secret: key of the draw.
        who: the person who creates it.
        now: the time of creation and of the draw.
        restraint: what holds for all drops.

    Raises:
        click.ClickException: when a term is wrong, the name was used, the audience does not exist
            or nobody would be granted anything.
    """
    check(terms, programs, now)
    check_unused(session, client, terms.name)
    drawn = draw(client, terms, secret=secret, now=now, restraint=restraint)
    how, chosen = drawn.how, drawn.selection
    drop = Drop(
        **_fields(terms),
        **asdict(how),
        planned_people=len(chosen.members),
        partitions=partitions,
        created_at=now,
        created_by=who,
    )
    drop.power = drawn.power
    detail = {**_detail(terms), **measurement.detail(how)}
    try:
        _keep(session, drop, chosen, now)
        log(session, now=now, who=who, action="create", drop=drop.name, detail=detail)
        session.commit()
    except IntegrityError as error:
        session.rollback()
        raise _used(terms.name) from error
    return drop


def find(session: Session, name: str) -> Drop:
    """Return the drop `name`.

    Raises:
        UnknownDropError: naming similar ones.
    """
    drop = session.get(Drop, name)
    if drop is None:
        raise UnknownDropError(name, list(session.scalars(select(Drop.name).order_by(Drop.name))))
    return drop


def every(session: Session) -> list[Drop]:
    """Return all drops, the newest first."""
    return list(session.scalars(select(Drop).order_by(Drop.created_at.desc(), Drop.name)))


def members(session: Session, name: str) -> list[Member]:
    """Return the people of the drop `name`, both arms, by rank."""
    found = session.scalars(
        select(MemberRow).where(MemberRow.drop == name).order_by(MemberRow.rank, MemberRow.person)
    )
    return [
        Member(m.person, m.rank, m.score, m.arm, m.probability, m.chosen_by, m.chance)
        for m in found
    ]


def change_plan(
    session: Session, client: Client, name: str, asked: Measured, *, who: str, now: datetime
) -> Drop:
    """Change how the drop `name` is measured; what is not asked for stays.

    One that was approved is a draft again.

    Raises:
        ConflictError: when it is in review.
        click.ClickException: when it was launched or cancelled, or what is asked for is wrong.
    """
    drop = find(session, name)
    if drop.state == "in_review":
        raise _in_review(name)
    kept = Measured(
        design=asked.design or drop.design,
        goals=asked.goals or ",".join(drop.goals or ()),
        guardrails=",".join(drop.guardrails or ())
        if asked.guardrails is None
        else asked.guardrails,
        planned_end=asked.planned_end or drop.planned_end,
        tuned_at=drop.tuned_at if asked.tuned_at is None else asked.tuned_at,
        smallest_lift=drop.smallest_lift if asked.smallest_lift is None else asked.smallest_lift,
    )
    how = measurement.settled(kept, drop.until, now)
    changed = session.execute(
        update(Drop)
        .where(
            *(Drop.name == name, Drop.launched_at.is_(None), Drop.cancelled_at.is_(None)),
            or_(Drop.submitted_at.is_(None), Drop.approved_at.is_not(None)),
        )
        .values(
            **asdict(how),
            version=Drop.version + 1,
            changed_by=who,
            submitted_at=None,
            approved_at=None,
        )
    )
    if not changed.rowcount:  # type: ignore[attr-defined]
        session.rollback()
        session.refresh(drop)
        if drop.state == "in_review":
            raise _in_review(name)
        raise LocalizedError(
            LocalizedText(
                "drop {name!r} is not a draft: how it is measured was recorded at launch and can't "
                "be changed",
                name=name,
            )
        )
    session.refresh(drop)
    drop.power = power(client, drop.program, drop.audience, members(session, name), how, now)
    detail = {"version": drop.version, **measurement.detail(how)}
    log(session, now=now, who=who, action="plan", drop=name, detail=detail)
    session.commit()
    return drop


def cancel(session: Session, name: str, *, who: str, now: datetime) -> Drop:
    """Cancel the drop `name`, which must not have been launched.

    Raises:
        click.ClickException: when it was launched or cancelled before.
    """
    find(session, name)
    stopped = session.execute(
        update(Drop)
        .where(Drop.name == name, Drop.launched_at.is_(None), Drop.cancelled_at.is_(None))
        .values(cancelled_at=now)
    )
    if not stopped.rowcount:  # type: ignore[attr-defined]
        session.rollback()
        raise LocalizedError(
            LocalizedText(
                "drop {name!r} was launched or cancelled, so it can't be cancelled",
                name=name,
            )
        )
    log(session, now=now, who=who, action="cancel", drop=name, detail={})
    session.commit()
    return find(session, name)


def log(
    session: Session, *, now: datetime, who: str, action: str, drop: str, detail: dict[str, Any]
) -> None:
    """Add a row to the audit log; the caller commits."""
    record(session, at=now, who=who, action=action, drop=drop, detail=detail)


def history(session: Session, name: str) -> list[AuditRow]:
    """Return the audit log of the drop `name`, oldest first."""
    return list(
        session.scalars(select(AuditRow).where(AuditRow.drop == name).order_by(AuditRow.id))
    )


class UnknownDropError(LocalizedError):
    """No drop has the name."""

    def __init__(self, name: str, known: list[str]) -> None:
        alike = difflib.get_close_matches(name, known, n=3)
        super().__init__(
            LocalizedText(
                "drop {name!r} does not exist; did you mean {alike}?",
                name=name,
                alike=Names(tuple(alike), last="or"),
            )
            if alike
            else LocalizedText("drop {name!r} does not exist; see `flowdrop drop list`", name=name)
        )
        self.alike = alike


def _in_review(name: str) -> ConflictError:
    return ConflictError(
        LocalizedText(
            "drop {name!r} is in review and locked; withdraw it first with `flowdrop drop withdraw "
            "{name}`",
            name=name,
        )
    )


def check_unused(session: Session, client: Client, name: str) -> None:
    """Refuse the name of a drop or campaign that there was.

    Raises:
        click.ClickException: naming it.
    """
    if session.get(Drop, name) is not None or audience.name_used(client, name):
        raise _used(name)


def _used(name: str) -> LocalizedError:
    return LocalizedError(
        LocalizedText(
            "name: {name!r} is already a drop's or a campaign's; choose another, since a drop's "
            "events keep its name forever",
            name=name,
        )
    )


def _keep(session: Session, drop: Drop, chosen: Selection, now: datetime) -> None:
    session.add(drop)
    session.flush()
    if chosen.members:
        session.execute(
            insert(MemberRow),
            [{"drop": drop.name, "assigned_at": now, **asdict(m)} for m in chosen.members],
        )
    if chosen.left_out:
        session.execute(
            insert(LeftOutRow), [{"drop": drop.name, **asdict(p)} for p in chosen.left_out]
        )


def _fields(terms: Terms) -> dict[str, Any]:
    return {key: value for key, value in asdict(terms).items() if key != "measured"}


def _detail(terms: Terms) -> dict[str, Any]:
    detail = _fields(terms)
    detail["until"] = terms.until.isoformat() if terms.until else None
    return detail
