"""The demo's people: one for each role, between whom its menu switches. They have no passwords."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from console.access import people
from console.access.people import Post
from console.access.roles import (
    ADMINISTRATOR,
    ADVERTISER,
    APPROVER,
    DATA_SCIENTIST,
    MARKETER,
    OPERATOR,
    PLATFORM,
    VIEWER,
)
from console.access.tables import User

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from console.access.permission import Actor


def _of_platform(*roles: str) -> Post:
    return Post(kind=PLATFORM, roles=roles)


# The first is whom the demo's link signs in.
PEOPLE = (
    ("olga@demo.flowdrop", "Olga Owner", _of_platform(ADMINISTRATOR, OPERATOR, MARKETER)),
    ("mei@demo.flowdrop", "Mei Marketer", _of_platform(MARKETER)),
    ("arun@demo.flowdrop", "Arun Approver", _of_platform(APPROVER)),
    ("dora@demo.flowdrop", "Dora Data", _of_platform(DATA_SCIENTIST)),
    ("otto@demo.flowdrop", "Otto Operator", _of_platform(OPERATOR)),
    (
        "vera@demo.flowdrop",
        "Vera Viewer",
        Post(kind=ADVERTISER, organisation="hillstrom", roles=(VIEWER,)),
    ),
)


def create(session: Session, actor: Actor, now: datetime) -> list[User]:
    """Make those of the demo's people who are lacking, and return all; it commits."""
    known = set(session.scalars(select(User.email)))
    for email, name, post in PEOPLE:
        if email not in known:
            people.invite(session, actor, email=email, name=name, post=post, now=now, is_demo=True)
    return every(session)


def every(session: Session) -> list[User]:
    """Return the demo's people who may sign in."""
    asked = select(User).where(User.is_demo, User.deactivated_at.is_(None)).order_by(User.id)
    return list(session.scalars(asked))
