"""People, organisations and the audit log in the API's and commands' words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from console.access import second_factor

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from console.access.permission import Actor
    from console.access.tables import User
    from console.drops.tables import AuditRow


@dataclass(frozen=True, kw_only=True)
class Me:
    """Who asks."""

    name: str
    organisation: str | None
    roles: list[str]
    actions: list[str]  # what they may do, with this token


@dataclass(frozen=True, kw_only=True)
class PersonPost:
    """A role in an organisation."""

    organisation: str
    kind: str  # platform or advertiser
    role: str


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody with an account."""

    email: str
    name: str
    state: str  # active, invited or deactivated
    second_factor: bool
    roles: list[PersonPost]
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An entry of the audit log."""

    id: int
    at: datetime
    who: str
    action: str
    thing: str
    organisation: str
    detail: dict[str, Any]
    hash: str


def me(actor: Actor) -> Me:
    """Return who asks."""
    return Me(
        name=actor.name,
        organisation=actor.organisation,
        roles=sorted(actor.roles),
        actions=sorted(actor.actions),
    )


def person(session: Session, user: User) -> Person:
    """Return somebody with an account."""
    state = "active" if user.password_hash or user.oidc_subject or user.is_demo else "invited"
    return Person(
        email=user.email,
        name=user.name,
        state="deactivated" if user.deactivated_at else state,
        second_factor=second_factor.has(session, user),
        roles=[
            PersonPost(
                organisation=each.organisation.name, kind=each.organisation.kind, role=each.role
            )
            for each in sorted(user.memberships, key=lambda one: (one.organisation_id, one.role))
        ],
        created_at=user.created_at,
    )


def entry(row: AuditRow) -> Entry:
    """Return an entry of the audit log."""
    return Entry(
        id=row.id,
        at=row.at,
        who=row.who,
        action=row.action,
        thing=row.thing or (f"drop:{row.drop}" if row.drop else ""),
        organisation=row.organisation,
        detail=row.detail,
        hash=row.hash,
    )
