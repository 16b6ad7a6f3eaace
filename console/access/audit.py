"""The audit log: append-only, each entry bound to all before it by a hash.

Every `AuditRow` is linked as it is inserted, whoever inserts it. The one row of `audit_head` is
taken first, so that entries of several processes follow one another; the database itself refuses
to change or remove an entry (`console/migrations/append_only/`). Whoever may change the database's
schema could still write a new chain: a head that was noted elsewhere (`flowdrop audit verify
--expect HASH`) shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, func, or_, select, update

from console.access.chain import START, link
from console.drops.tables import AuditHead, AuditRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection
    from sqlalchemy.orm import Session

TEXTS = ("who", "action", "drop", "thing", "organisation")


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a check of the whole chain found.

    Attributes:
        entries: how many were read.
        head: hash of the last one.
        broken_at: number of the first entry that is not what was written, none if all are.
        is_whole: whether the chain is unbroken, and ends where it was left.
        expected_at: number of the entry with the expected hash; none if there is none.
    """

    entries: int
    head: str
    broken_at: int | None
    is_whole: bool
    expected_at: int | None = None


def record(
    session: Session,
    *,
    at: datetime,
    who: str,
    action: str,
    thing: str = "",
    drop: str = "",
    organisation: str = "",
    detail: dict[str, Any] | None = None,
) -> None:
    """Add an entry; the caller commits."""
    session.add(
        AuditRow(
            at=at,
            who=who,
            action=action,
            drop=drop,
            thing=thing or (f"drop:{drop}" if drop else ""),
            organisation=organisation,
            detail=detail or {},
        )
    )


def entries(
    session: Session, *, limit: int, before: int | None = None, about: str = ""
) -> list[AuditRow]:
    """Return the latest entries, the newest first.

    Args:
        session: of the console's database.
        limit: how many at most.
        before: only those with a smaller number.
        about: only those of this person or thing, or that do this.
    """
    asked = select(AuditRow).order_by(AuditRow.id.desc()).limit(limit)
    if before is not None:
        asked = asked.where(AuditRow.id < before)
    if about:
        asked = asked.where(
            or_(AuditRow.who == about, AuditRow.thing == about, AuditRow.action == about)
        )
    return list(session.scalars(asked))


def verify(session: Session, expect: str = "") -> Verdict:
    """Read the whole chain again.

    Args:
        session: of the console's database.
        expect: a head that was noted before, which must be in the chain.
    """
    previous, number, broken, expected = START, 0, None, None
    for row in session.scalars(
        select(AuditRow).order_by(AuditRow.id).execution_options(yield_per=1000)
    ):
        number += 1
        is_bound = row.previous == previous and row.hash == _hash(row, row.previous)
        if broken is None and not is_bound:
            broken = row.id
        if expect and row.hash == expect:
            expected = row.id
        previous = row.hash
    head = session.get(AuditHead, 1)
    ends = head is not None and (head.entries, head.hash) == (number, previous)
    whole = broken is None and ends and (not expect or expected is not None)
    return Verdict(
        entries=number, head=previous, broken_at=broken, is_whole=whole, expected_at=expected
    )


def count(session: Session) -> int:
    """Return how many entries there are."""
    return session.scalar(select(func.count()).select_from(AuditRow)) or 0


def _hash(row: AuditRow, previous: str) -> str:
    return link(
        previous, at=row.at, detail=row.detail, **{name: getattr(row, name) for name in TEXTS}
    )


@event.listens_for(AuditRow, "before_insert")
def _bind(_mapper: object, connection: Connection, row: AuditRow) -> None:
    """Bind a new entry to the last one, while nobody else can add one."""
    head: Any = AuditHead.__table__
    connection.execute(update(head).values(entries=head.c.entries + 1))  # takes the row
    for name in ("drop", "thing", "organisation"):
        if getattr(row, name) is None:
            setattr(row, name, "")
    row.previous = connection.scalar(select(head.c.hash)) or START
    row.hash = _hash(row, row.previous)
    connection.execute(update(head).values(hash=row.hash))
