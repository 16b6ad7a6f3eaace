"""Links of the terminal: `flowdrop up`, the demo and `flowdrop console link` print them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from console.access import people, sign_ins
from console.access.keys import key_hash
from console.access.roles import ADMINISTRATOR
from console.access.tables import Membership, UsedTicket, User
from flowdrop import entry

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from console.access.sign_ins import Browser


def is_used(session: Session, ticket: str, secret: str, now: datetime) -> bool:
    """Use a ticket up and return whether it was good; it commits."""
    if not secret or not entry.is_good(ticket, secret, now.timestamp()):
        return False
    session.add(UsedTicket(key_hash=key_hash(ticket), used_at=now))
    try:
        session.commit()
    except IntegrityError:  # it was opened before
        session.rollback()
        return False
    return True


def enter(session: Session, ticket: str, browser: Browser, now: datetime) -> str:
    """Sign in whom a used ticket is for: by default the first administrator. Return the key.

    Raises:
        UnknownPersonError: when nobody has the address that it names.
        NotSignedInError: when there is nobody to sign in.
    """
    email = entry.who(ticket)
    user = people.find(session, email) if email else _owner(session)
    if user is None or not sign_ins.is_active(user):
        raise sign_ins.NotSignedInError
    return sign_ins.start(session, user, browser, now, how="link of the terminal")


def _owner(session: Session) -> User | None:
    return session.scalar(
        select(User)
        .join(Membership)
        .where(Membership.role == ADMINISTRATOR, User.deactivated_at.is_(None))
        .order_by(User.id)
        .limit(1)
    )
