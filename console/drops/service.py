"""What may be done to drops, by whom: pages, the API and commands change them only through here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.access.permission import Actor, Thing, require
from console.drops import launch as launching
from console.drops import register

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client
    from sqlalchemy.orm import Session

    from console.drops.measurement import Measured
    from console.drops.tables import Drop
    from console.drops.terms import Terms


def thing(drop: Drop) -> Thing:
    """Return a drop as permission knows it: the platform's, by whoever created it."""
    return Thing(kind="drop", name=drop.name, authors=frozenset({drop.created_by}))


def create(session: Session, client: Client, terms: Terms, *, actor: Actor, **how: Any) -> Drop:
    """Create a drop as `actor`; see `console.drops.register.create`.

    Raises:
        ForbiddenError: when `actor` may not.
    """
    require(actor, "drop.write")
    return register.create(session, client, terms, who=actor.name, **how)


def change_plan(
    session: Session, client: Client, name: str, asked: Measured, *, actor: Actor, **how: Any
) -> Drop:
    """Change how a draft is measured as `actor`; see `console.drops.register.change_plan`.

    Raises:
        ForbiddenError: when `actor` may not.
    """
    require(actor, "drop.write", thing(register.find(session, name)))
    return register.change_plan(session, client, name, asked, who=actor.name, **how)


def cancel(session: Session, name: str, *, actor: Actor, **how: Any) -> Drop:
    """Cancel a draft as `actor`; see `console.drops.register.cancel`.

    Raises:
        ForbiddenError: when `actor` may not.
    """
    require(actor, "drop.write", thing(register.find(session, name)))
    return register.cancel(session, name, who=actor.name, **how)


def launch(session: Session, client: Client, name: str, *, actor: Actor, **how: Any) -> int:
    """Launch a drop as `actor`; see `console.drops.launch.launch`.

    Raises:
        ForbiddenError: when `actor` may not.
    """
    require_launch(session, name, actor)
    return launching.launch(session, client, name, who=actor.name, **how)


def require_launch(session: Session, name: str, actor: Actor) -> None:
    """Refuse whoever may not launch a drop, before anything is waited for or asked.

    Raises:
        ForbiddenError: likewise.
    """
    require(actor, "drop.launch", thing(register.find(session, name)))
