"""Who is left out of a drop since it was created: decided again at every launch, and stored.

What is not sent yet is sent only to people who may still be contacted and can still receive. The
others stay in the arm that was drawn (intention to treat): the assignment is sent, grant and
contact are not, and the coins go back. Leaving out is final: a later consent does not bring them
back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from console.drops import audience
from console.drops.left_out import LeftOutSince
from console.drops.names import SOURCE, grant_id
from console.drops.restraint import restrained
from console.drops.selection import TREATED
from console.drops.tables import LeftOutSinceRow
from sql.client import rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client
    from sqlalchemy.orm import Session

    from console.drops.restraint import Restraint
    from console.drops.selection import Member
    from console.drops.tables import Drop


def kept(session: Session, drop: str) -> list[LeftOutSince]:
    """Return who was left out by the launches of `drop` so far, in the order of their names."""
    found = session.scalars(
        select(LeftOutSinceRow).where(LeftOutSinceRow.drop == drop).order_by(LeftOutSinceRow.person)
    )
    return [
        LeftOutSince(person=row.person, reason=row.reason, at=row.at, grant_sent=row.grant_sent)
        for row in found
    ]


def judge(
    client: Client,
    drop: Drop,
    people: Sequence[Member],
    before: Sequence[LeftOutSince],
    now: datetime,
    restraint: Restraint,
) -> list[LeftOutSince]:
    """Return who in the drop must be left out from now on, besides those `before`.

    Args:
        client: of the warehouse, which must have caught up with the logs.
        drop: the drop.
        people: its members.
        before: who is left out already.
        now: the time of this launch.
        restraint: what holds for all drops.
    """
    known = {person.person for person in before}
    treated = [m for m in people if m.arm == TREATED and m.person not in known]
    names = [m.person for m in treated]
    reasons = restrained(client, drop.name, names, restraint, now)
    reasons |= audience.blocked(client, drop.program, names)
    granted, contacted = _sent(client, drop) if drop.launched_at else (set(), set())
    return [
        LeftOutSince(
            person=m.person, reason=reasons[m.person], at=now, grant_sent=m.person in granted
        )
        for m in treated
        if m.person in reasons and not (m.person in granted and m.person in contacted)
    ]


def keep(session: Session, drop: str, found: Sequence[LeftOutSince]) -> None:
    """Record who is left out; the caller commits."""
    if found:
        session.execute(
            insert(LeftOutSinceRow),
            [
                {"drop": drop, "person": p.person, "reason": p.reason, "at": p.at}
                | {"grant_sent": p.grant_sent}
                for p in found
            ],
        )


def _sent(client: Client, drop: Drop) -> tuple[set[str], set[str]]:
    """Return whose grant and whose contact the logs have, as far as the warehouse knows."""
    values = {"campaign": drop.name, "source": SOURCE}
    granted = rows(client, "drops/granted", prefix=grant_id(drop.name, ""), **values)
    contacted = rows(client, "drops/contacted", **values)
    return {row["person"] for row in granted}, {row["person"] for row in contacted}
