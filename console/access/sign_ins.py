"""Sign-ins: a browser's cookie names one, and it ends when idle, after a day's work, or by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import select, update

from console.access import passwords, second_factor, throttle
from console.access.audit import record
from console.access.keys import key_hash, new_key
from console.access.permission import Actor
from console.access.roles import PLATFORM
from console.access.tables import Membership, Organisation, SignIn, User
from console.i18n import LocalizedText
from console.reports.basis import LocalizedError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

SEEN_EVERY = timedelta(minutes=1)  # how exactly idleness is known
HALF = timedelta(minutes=10)  # for which a code is waited for


class NotSignedInError(LocalizedError):
    """Email and password are not somebody's; which of them is wrong is not told."""

    def __init__(self) -> None:
        super().__init__(
            LocalizedText("email or password is wrong, or this account has been deactivated")
        )


@dataclass(frozen=True, kw_only=True)
class Browser:
    """From where somebody signs in."""

    address: str = ""
    agent: str = ""


@dataclass(frozen=True, kw_only=True)
class Ends:
    """When a sign-in ends by itself."""

    idle: timedelta
    at_last: timedelta


def signed(cookie_key: bytes, key: str) -> str:
    """Return what a cookie holds of a sign-in's key."""
    return str(URLSafeSerializer(cookie_key, salt="sign-in").dumps(key))


def unsigned(cookie_key: bytes, cookie: str) -> str:
    """Return the key in a cookie; "" if we did not sign it."""
    try:
        return str(URLSafeSerializer(cookie_key, salt="sign-in").loads(cookie))
    except (BadSignature, UnicodeError):
        return ""


def by_password(
    session: Session, email: str, password: str, browser: Browser, now: datetime
) -> str:
    """Sign a person in and return the key of it; with a second factor the code is lacking still.

    Raises:
        TooManyTriesError: when too many failed lately.
        NotSignedInError: when it is not their password.
    """
    email = email.strip().lower()
    throttle.require_patience(session, email, browser.address, now)
    user = session.scalar(select(User).where(User.email == email))
    is_right = passwords.is_right(password, user.password_hash if user else None)
    if user is None or not is_right or not is_active(user):
        throttle.failed(session, email, browser.address, now)
        record(session, at=now, who=email[:254], action="sign_in_failed", thing="console")
        session.commit()
        raise NotSignedInError
    if user.password_hash and passwords.is_outdated(user.password_hash):
        user.password_hash = passwords.hashed(password)
    is_whole = not second_factor.has(session, user)
    if is_whole:
        throttle.succeeded(session, email, browser.address)
    return start(session, user, browser, now, is_whole=is_whole, how="password")


def by_code(session: Session, key: str, code: str, browser: Browser, now: datetime) -> str:
    """Complete a sign-in by the phone's code, under a new key.

    Raises:
        NotSignedInError: when the password is too long ago.
        TooManyTriesError: when too many codes were wrong.
        WrongCodeError: when it is not the phone's.
    """
    half = session.get(SignIn, key_hash(key))
    if half is None or half.is_whole or half.ended_at or now - half.started_at > HALF:
        raise NotSignedInError
    user = half.user
    throttle.require_patience(session, user.email, browser.address, now)
    try:
        second_factor.require_code(session, user, code, now)
    except second_factor.WrongCodeError:
        throttle.failed(session, user.email, browser.address, now)
        record(session, at=now, who=user.email, action="code_failed", thing="console")
        session.commit()
        raise
    half.ended_at = now
    throttle.succeeded(session, user.email, browser.address)
    return start(session, user, browser, now, how="password and code")


def start(
    session: Session,
    user: User,
    browser: Browser,
    now: datetime,
    *,
    how: str,
    is_whole: bool = True,
) -> str:
    """Sign a person in who has shown who they are; return the key of it. It commits."""
    key, organisation = new_key(), first_organisation(user)
    session.add(
        SignIn(
            key_hash=key_hash(key),
            user_id=user.id,
            organisation_id=organisation.id,
            is_whole=is_whole,
            started_at=now,
            seen_at=now,
            address=browser.address[:64],
            agent=browser.agent[:200],
        )
    )
    if is_whole:
        detail = {"how": how, "address": browser.address}
        record(session, at=now, who=user.email, action="sign_in", thing="console", detail=detail)
    session.commit()
    return key


def find(session: Session, key: str, ends: Ends, now: datetime) -> SignIn | None:
    """Return the sign-in of a key, if it has not ended; note that it was seen."""
    found = session.get(SignIn, key_hash(key)) if key else None
    if found is None or not found.is_whole or found.ended_at or not is_active(found.user):
        return None
    if now - found.seen_at > ends.idle or now - found.started_at > ends.at_last:
        return None
    if now - found.seen_at > SEEN_EVERY:
        found.seen_at = now
        session.commit()
    return found


def end(session: Session, key: str, now: datetime) -> None:
    """End a sign-in; it commits."""
    found = session.get(SignIn, key_hash(key)) if key else None
    if found is not None and found.ended_at is None:
        found.ended_at = now
        record(session, at=now, who=found.user.email, action="sign_out", thing="console")
        session.commit()


def end_all(session: Session, user: User, now: datetime, but: str = "") -> None:
    """End every sign-in of a person but that of the key `but`; the caller commits."""
    session.execute(
        update(SignIn)
        .where(
            SignIn.user_id == user.id, SignIn.ended_at.is_(None), SignIn.key_hash != key_hash(but)
        )
        .values(ended_at=now)
    )


def change_organisation(session: Session, found: SignIn, organisation: int) -> None:
    """Act in another of one's organisations; anybody else's is ignored. It commits."""
    if any(each.organisation_id == organisation for each in found.user.memberships):
        found.organisation_id = organisation
        session.commit()


def is_active(user: User) -> bool:
    """Return whether a person may sign in: not deactivated, with a role somewhere."""
    return user.deactivated_at is None and bool(user.memberships)


def first_organisation(user: User) -> Organisation:
    """Return in which organisation a person acts at first: the platform, if they are of it."""
    own = sorted(
        (each.organisation for each in user.memberships),
        key=lambda each: (each.kind != PLATFORM, each.name),
    )
    return own[0]


def actor_in(user: User, organisation: Organisation, scopes: list[str] | None = None) -> Actor:
    """Return a person as they act in an organisation of theirs."""
    roles = _roles(user.memberships, organisation.id)
    return Actor(
        name=user.email,
        roles=roles,
        organisation=None if organisation.kind == PLATFORM else organisation.name,
        user=user.id,
        scopes=None if scopes is None else frozenset(scopes),
        is_demo=user.is_demo,
    )


def _roles(memberships: list[Membership], organisation: int) -> frozenset[str]:
    return frozenset(each.role for each in memberships if each.organisation_id == organisation)
