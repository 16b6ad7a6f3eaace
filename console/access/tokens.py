"""API tokens: `fdt_ID_SECRET`, stored as a hash, with scopes and an end."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from console.access.audit import record
from console.access.keys import key_hash, new_key
from console.access.permission import Actor, scopes_of
from console.access.sign_ins import SEEN_EVERY, actor_in, is_active
from console.access.tables import ApiToken, Organisation, User
from console.i18n import LocalizedText
from console.reports.basis import LocalizedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

BEGINS = "fdt_"
DAYS_MAX = 366


def create(
    session: Session,
    actor: Actor,
    *,
    organisation: Organisation,
    name: str,
    scopes: Iterable[str],
    days: int,
    now: datetime,
) -> str:
    """Make a token of `actor`, and return it; it can't be shown again. It commits.

    Raises:
        LocalizedError: when it would never end, or would be allowed nothing.
    """
    if not 1 <= days <= DAYS_MAX:
        raise LocalizedError(
            LocalizedText("days: {days} is not 1 to {most}", days=days, most=DAYS_MAX)
        )
    given = sorted(scopes_of(actor, scopes))
    if not given or actor.user is None:
        raise LocalizedError(
            LocalizedText("scopes: choose at least one thing that you may do yourself")
        )
    number, secret = secrets.token_hex(6), new_key()
    session.add(
        ApiToken(
            id=number,
            key_hash=key_hash(secret),
            user_id=actor.user,
            organisation_id=organisation.id,
            name=name.strip()[:128] or number,
            scopes=given,
            created_at=now,
            until=now + timedelta(days=days),
        )
    )
    detail = {"scopes": given, "days": days}
    thing = f"token:{number}"
    record(session, at=now, who=actor.name, action="token_create", thing=thing, detail=detail)
    session.commit()
    return f"{BEGINS}{number}_{secret}"


def find(session: Session, shown: str, now: datetime) -> Actor | None:
    """Return as whom a token acts, if it is one of ours and has not ended."""
    number, _, secret = shown.removeprefix(BEGINS).partition("_")
    found = session.get(ApiToken, number) if shown.startswith(BEGINS) else None
    if found is None or not hmac.compare_digest(found.key_hash, key_hash(secret)):
        return None
    if found.revoked_at or found.until <= now or not is_active(found.user):
        return None
    actor = actor_in(found.user, found.organisation, found.scopes)
    if not actor.roles:  # left the organisation
        return None
    if found.seen_at is None or now - found.seen_at > SEEN_EVERY:
        found.seen_at = now
        session.commit()
    return actor


def of_user(session: Session, user: User) -> list[ApiToken]:
    """Return a person's tokens that have not been revoked, the newest first."""
    asked = select(ApiToken).where(ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None))
    return list(session.scalars(asked.order_by(ApiToken.created_at.desc())))


def revoke(session: Session, actor: Actor, number: str, now: datetime) -> None:
    """End a token of `actor`'s own; it commits."""
    found = session.get(ApiToken, number)
    if found is None or found.user_id != actor.user or found.revoked_at is not None:
        return
    found.revoked_at = now
    record(session, at=now, who=actor.name, action="token_revoke", thing=f"token:{number}")
    session.commit()
