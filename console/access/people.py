"""People and organisations: invited, given roles, deactivated, given a new password."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from console.access import passwords, second_factor, sign_ins
from console.access.audit import record
from console.access.keys import key_hash, new_key
from console.access.permission import Actor, on_behalf, require
from console.access.roles import ADMINISTRATOR, OF_KIND, OPERATOR, PLATFORM
from console.access.tables import (
    EMAIL_CHARS_MAX,
    Membership,
    OneTimeLink,
    Organisation,
    User,
)
from console.i18n import LocalizedText, Names
from console.reports.basis import LocalizedError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from console.access.sign_ins import Browser

LINK_LASTS = {"invitation": timedelta(days=3), "password": timedelta(hours=1)}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
PLATFORM_NAME = "flowdrop"


@dataclass(frozen=True, kw_only=True)
class Post:
    """The roles of a person in one organisation, as an administrator names them."""

    kind: str  # PLATFORM or ADVERTISER
    organisation: str = ""  # the advertiser's name
    roles: Collection[str] = ()


class UnknownPersonError(LocalizedError):
    """Nobody has the address."""

    def __init__(self, email: str) -> None:
        super().__init__(
            LocalizedText("user {email!r} does not exist; see `flowdrop users list`", email=email)
        )


class DeadLinkError(LocalizedError):
    """A link that was used, is too old, or is nobody's."""

    def __init__(self) -> None:
        super().__init__(
            LocalizedText(
                "this link was used, has expired, or is not whole; ask an administrator for "
                "another one"
            )
        )


def every(session: Session) -> list[User]:
    """Return all people, by address."""
    return list(session.scalars(select(User).order_by(User.email)))


def nobody(session: Session) -> bool:
    """Return whether nobody has an account yet."""
    return session.scalar(select(func.count()).select_from(User)) == 0


def lacks_administrator(session: Session) -> bool:
    """Return whether nobody may manage people, as before the first administrator is made."""
    return not session.scalar(
        select(func.count())
        .select_from(Membership)
        .join(User)
        .where(Membership.role == ADMINISTRATOR, User.deactivated_at.is_(None))
    )


def find(session: Session, email: str) -> User:
    """Return who has the address.

    Raises:
        UnknownPersonError: when nobody has.
    """
    found = session.scalar(select(User).where(User.email == email.strip().lower()))
    if found is None:
        raise UnknownPersonError(email)
    return found


def organisations(session: Session) -> list[Organisation]:
    """Return all organisations, the platform first."""
    asked = select(Organisation).order_by(Organisation.kind.desc(), Organisation.name)
    return list(session.scalars(asked))


def organisation(session: Session, actor: Actor, post: Post, now: datetime) -> Organisation:
    """Return the organisation, made if there is none; the caller commits.

    Raises:
        LocalizedError: when it has no name.
    """
    require(actor, "people.manage")
    kind = post.kind
    name = PLATFORM_NAME if kind == PLATFORM else post.organisation.strip()
    if not 0 < len(name) <= 128:  # noqa: PLR2004 - as the column
        raise LocalizedError(
            LocalizedText("organisation: give the advertiser's name, of up to 128 characters")
        )
    found = session.scalar(
        select(Organisation).where(Organisation.kind == kind, Organisation.name == name)
    )
    if found is None:
        found = Organisation(kind=kind, name=name, created_at=now)
        session.add(found)
        session.flush()
        thing = f"organisation:{name}"
        record(session, at=now, who=actor.name, action="organisation_create", thing=thing)
    return found


def invite(
    session: Session,
    actor: Actor,
    *,
    email: str,
    name: str,
    post: Post,
    now: datetime,
    is_demo: bool = False,
) -> tuple[User, str]:
    """Make an account and a link to choose its password; return both. It commits.

    Raises:
        ForbiddenError: when `actor` may not.
        LocalizedError: when the address is malformed or taken, or a role is not one.
    """
    require(actor, "people.manage")
    email = email.strip().lower()
    if len(email) > EMAIL_CHARS_MAX or not _EMAIL.fullmatch(email):
        raise LocalizedError(
            LocalizedText("email: {email!r} is not an address such as ann@example.com", email=email)
        )
    if session.scalar(select(User.id).where(User.email == email)) is not None:
        raise LocalizedError(LocalizedText("email: {email!r} has an account already", email=email))
    of = organisation(session, actor, post, now)
    user = User(email=email, name=name.strip()[:128] or email, is_demo=is_demo, created_at=now)
    session.add(user)
    session.flush()
    _set_roles(session, user, of, post.roles)
    detail = {"roles": sorted(post.roles), "organisation": of.name}
    record(session, at=now, who=actor.name, action="invite", thing=f"user:{email}", detail=detail)
    key = _link(session, user, "invitation", now)
    session.commit()
    return user, key


def first_administrator(
    session: Session, *, email: str, name: str, password: str, browser: Browser, now: datetime
) -> str:
    """Make the first administrator, whoever opened the terminal's link; return the sign-in's key.

    Raises:
        DeadLinkError: when there is an administrator already.
        LocalizedError: when a field is wrong.
    """
    by = Actor(name="first run", roles=frozenset({ADMINISTRATOR}))
    hashed = passwords.hashed(password, email, name)
    record(session, at=now, who=by.name, action="first_run", thing="console")
    session.flush()  # whoever comes second waits here
    if not lacks_administrator(session):
        session.rollback()
        raise DeadLinkError
    user, _ = invite(
        session,
        by,
        email=email,
        name=name,
        post=Post(kind=PLATFORM, roles=(ADMINISTRATOR, OPERATOR)),
        now=now,
    )
    user.password_hash = hashed
    _use_links(session, user, now)
    return sign_ins.start(session, user, browser, now, how="first run")


def set_roles(session: Session, actor: Actor, user: User, post: Post, now: datetime) -> None:
    """Give a person these roles in an organisation, and no others there; it commits.

    Raises:
        ForbiddenError: when `actor` may not.
        LocalizedError: when a role is not one, or nobody would be left to manage people.
    """
    require(actor, "people.manage")
    of = organisation(session, actor, post, now)
    before = sorted(each.role for each in user.memberships if each.organisation_id == of.id)
    _set_roles(session, user, of, post.roles)
    session.flush()
    _require_administrator(session)
    detail = {"organisation": of.name, "before": before, "after": sorted(post.roles)}
    thing = f"user:{user.email}"
    record(session, at=now, who=actor.name, action="roles", thing=thing, detail=detail)
    session.commit()


def set_active(session: Session, actor: Actor, user: User, now: datetime, *, active: bool) -> None:
    """Let a person sign in again, or end all that they have; it commits.

    Raises:
        ForbiddenError: when `actor` may not.
        LocalizedError: when nobody would be left to manage people.
    """
    require(actor, "people.manage")
    user.deactivated_at = None if active else now
    if not active:
        sign_ins.end_all(session, user, now)
    session.flush()
    _require_administrator(session)
    action = "activate" if active else "deactivate"
    record(session, at=now, who=actor.name, action=action, thing=f"user:{user.email}")
    session.commit()


def new_link(session: Session, actor: Actor, user: User, now: datetime) -> str:
    """Return a new link for a person to choose a password; earlier ones die. It commits.

    Raises:
        ForbiddenError: when `actor` may not.
    """
    require(actor, "people.manage")
    purpose = "password" if user.password_hash else "invitation"
    key = _link(session, user, purpose, now)
    record(session, at=now, who=actor.name, action="link", thing=f"user:{user.email}")
    session.commit()
    return key


def forgotten(session: Session, email: str, now: datetime) -> tuple[User, str] | None:
    """Return who forgot their password and a link to choose another; it commits."""
    user = session.scalar(select(User).where(User.email == email.strip().lower()))
    if user is None or not sign_ins.is_active(user):
        return None
    key = _link(session, user, "password", now)
    record(session, at=now, who=user.email, action="forgotten", thing=f"user:{user.email}")
    session.commit()
    return user, key


def of_link(session: Session, key: str, now: datetime) -> OneTimeLink:
    """Return a link that works.

    Raises:
        DeadLinkError: when it does not.
    """
    found = session.get(OneTimeLink, key_hash(key))
    if found is None or found.used_at or found.until <= now or not sign_ins.is_active(found.user):
        raise DeadLinkError
    return found


def choose_password(session: Session, key: str, password: str, now: datetime) -> User:
    """Take the password of whom a link was sent to, and end their other sign-ins; it commits.

    Raises:
        DeadLinkError: when the link does not work.
        LocalizedError: when the password is a bad one.
    """
    found = of_link(session, key, now)
    user = found.user
    user.password_hash = passwords.hashed(password, user.email, user.name)
    _use_links(session, user, now)
    sign_ins.end_all(session, user, now)
    record(session, at=now, who=user.email, action="password", thing=f"user:{user.email}")
    session.commit()
    return user


def change_password(
    session: Session, user: User, *, old: str, new: str, key: str, now: datetime
) -> None:
    """Take another password of somebody signed in by `key`, and end their others; it commits.

    Raises:
        LocalizedError: when the old one is wrong or the new one a bad one.
    """
    if user.password_hash is not None and not passwords.is_right(old, user.password_hash):
        raise LocalizedError(LocalizedText("current password: it is not right"))
    user.password_hash = passwords.hashed(new, user.email, user.name)
    sign_ins.end_all(session, user, now, but=key)
    record(session, at=now, who=user.email, action="password", thing=f"user:{user.email}")
    session.commit()


def reset_second_factor(session: Session, actor: Actor, user: User, now: datetime) -> None:
    """Take a lost phone's secret away; it commits.

    Raises:
        ForbiddenError: when `actor` may not.
    """
    require(actor, "people.manage")
    second_factor.remove(session, user)
    sign_ins.end_all(session, user, now)
    thing = f"user:{user.email}"
    record(session, at=now, who=actor.name, action="second_factor_reset", thing=thing)
    session.commit()


def acting_as(session: Session, email: str, by: Actor) -> Actor:
    """Return a person as whom a command acts; the audit log keeps who gave it, too.

    Raises:
        LocalizedError: when nobody has the address, or may not sign in.
    """
    user = find(session, email)
    if not sign_ins.is_active(user):
        raise LocalizedError(
            LocalizedText("user {email!r} has been deactivated, or has no role", email=email)
        )
    return on_behalf(sign_ins.actor_in(user, sign_ins.first_organisation(user)), by)


def _set_roles(session: Session, user: User, of: Organisation, roles: Collection[str]) -> None:
    for role in roles:
        if role not in OF_KIND[of.kind]:
            raise LocalizedError(
                LocalizedText(
                    "role: {role!r} is not one of {known}",
                    role=role,
                    known=Names(OF_KIND[of.kind], last="or"),
                )
            )
    kept = [each for each in user.memberships if each.organisation_id != of.id]
    had = {each.role: each for each in user.memberships if each.organisation_id == of.id}
    made = [had.get(role) or Membership(organisation=of, role=role) for role in sorted(set(roles))]
    user.memberships = [*kept, *made]
    session.flush()


def _require_administrator(session: Session) -> None:
    if lacks_administrator(session):
        session.rollback()
        raise LocalizedError(
            LocalizedText(
                "nobody would be left to manage people; make somebody else administrator first"
            )
        )


def _link(session: Session, user: User, purpose: str, now: datetime) -> str:
    _use_links(session, user, now)
    key = new_key()
    session.add(
        OneTimeLink(
            key_hash=key_hash(key),
            user_id=user.id,
            purpose=purpose,
            until=now + LINK_LASTS[purpose],
        )
    )
    return key


def _use_links(session: Session, user: User, now: datetime) -> None:
    open_links = select(OneTimeLink).where(
        OneTimeLink.user_id == user.id, OneTimeLink.used_at.is_(None)
    )
    for each in session.scalars(open_links):
        each.used_at = now
