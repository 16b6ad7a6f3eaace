"""What may be done to drops, by whom: pages, the API and commands change them only through here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.access.permission import Actor, require
from console.drops import approval, drawing, register, terms
from console.drops import launch as launching
from console.drops.approval import thing

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from clickhouse_connect.driver.client import Client
    from sqlalchemy.orm import Session

    from console.drops.drawing import Sketch
    from console.drops.measurement import Measured
    from console.drops.policy import Policy
    from console.drops.tables import Drop
    from console.drops.terms import Terms


def create(session: Session, client: Client, wanted: Terms, *, actor: Actor, **how: Any) -> Drop:
    """Create a drop as `actor`; see `console.drops.register.create`.

    Raises:
        ForbiddenError: when `actor` may not.
    """
    require(actor, "drop.write")
    return register.create(session, client, wanted, who=actor.name, **how)


def sketch(
    session: Session,
    client: Client,
    wanted: Terms,
    *,
    actor: Actor,
    policy: Policy,
    programs: Path,
    now: datetime,
    **how: Any,
) -> Sketch:
    """Return what a drop would be if `actor` created it now; nothing is stored.

    Raises:
        ForbiddenError: when `actor` may not.
        click.ClickException: whatever creating it would be refused for.
    """
    require(actor, "drop.write")
    terms.check(wanted, programs, now)
    register.check_unused(session, client, wanted.name)
    return drawing.sketched(wanted, drawing.draw(client, wanted, now=now, **how), policy)


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


def submit(session: Session, name: str, *, actor: Actor, **how: Any) -> Drop:
    """Hand a draft in for review as `actor`; see `console.drops.approval.submit`.

    Raises:
        ForbiddenError: when `actor` may not.
    """
    require(actor, "drop.write", thing(register.find(session, name)))
    return approval.submit(session, name, who=actor.name, **how)


def withdraw(session: Session, name: str, *, actor: Actor, **how: Any) -> Drop:
    """Make a drop in review a draft again as `actor`; see `console.drops.approval.withdraw`.

    Raises:
        ForbiddenError: when `actor` may not.
    """
    require(actor, "drop.write", thing(register.find(session, name)))
    return approval.withdraw(session, name, who=actor.name, **how)


def decide(session: Session, name: str, *, actor: Actor, **how: Any) -> Drop:
    """Approve or reject a drop as `actor`; see `console.drops.approval.decide`.

    Raises:
        ForbiddenError: when `actor` may not.
    """
    require(actor, "drop.approve")
    return approval.decide(session, name, actor=actor, **how)


def launch(
    session: Session, client: Client, name: str, *, actor: Actor, policy: Policy, **how: Any
) -> int:
    """Launch a drop as `actor`; see `console.drops.launch.launch`.

    Raises:
        ForbiddenError: when `actor` may not.
        NotApprovedError: when nobody approved what is too large for that.
    """
    require_launch(session, name, actor, policy)
    return launching.launch(session, client, name, who=actor.name, policy=policy, **how)


def require_launch(session: Session, name: str, actor: Actor, policy: Policy) -> None:
    """Refuse whoever may not launch a drop, before anything is waited for or asked.

    Raises:
        ForbiddenError: likewise.
        NotApprovedError: when nobody approved what is too large for that.
    """
    drop = register.find(session, name)
    require(actor, "drop.launch", thing(drop))
    approval.check_approved(session, drop, policy)
