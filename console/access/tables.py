"""The SQL tables of access: organisations, people and their roles, sign-ins, links, tokens."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from console.drops.tables import NAME_CHARS_MAX, Base, UtcTime

EMAIL_CHARS_MAX = 254
HASH_CHARS = 64  # of SHA-256, in hexadecimal digits


class Organisation(Base):
    """An advertiser, under the name that campaigns' descriptions give it, or the platform."""

    __tablename__ = "organisations"
    __table_args__ = (UniqueConstraint("kind", "name", name="organisations_once"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(16))  # PLATFORM or ADVERTISER
    name: Mapped[str] = mapped_column(String(NAME_CHARS_MAX))
    created_at: Mapped[datetime] = mapped_column(UtcTime)


class User(Base):
    """A person who may sign in."""

    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("oidc_issuer", "oidc_subject", name="users_of_provider"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    email: Mapped[str] = mapped_column(String(EMAIL_CHARS_MAX), unique=True)
    name: Mapped[str] = mapped_column(String(NAME_CHARS_MAX))
    password_hash: Mapped[str | None] = mapped_column(String(255))  # argon2id
    is_demo: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    deactivated_at: Mapped[datetime | None] = mapped_column(UtcTime)
    oidc_issuer: Mapped[str | None] = mapped_column(String(255))
    oidc_subject: Mapped[str | None] = mapped_column(String(255))
    memberships: Mapped[list[Membership]] = relationship(
        back_populates="user", cascade="all, delete-orphan"
    )


class Membership(Base):
    """A role that a person has in an organisation."""

    __tablename__ = "memberships"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(32), primary_key=True)
    user: Mapped[User] = relationship(back_populates="memberships")
    organisation: Mapped[Organisation] = relationship()


class SignIn(Base):
    """A browser in which somebody signed in; its cookie holds what `key_hash` is the hash of."""

    __tablename__ = "sign_ins"
    __table_args__ = (Index("sign_ins_by_user", "user_id"),)

    key_hash: Mapped[str] = mapped_column(String(HASH_CHARS), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    is_whole: Mapped[bool]  # nothing is lacking, such as the second factor
    started_at: Mapped[datetime] = mapped_column(UtcTime)
    seen_at: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    address: Mapped[str] = mapped_column(String(64))
    agent: Mapped[str] = mapped_column(String(200))
    user: Mapped[User] = relationship()
    organisation: Mapped[Organisation] = relationship()


class OneTimeLink(Base):
    """A link that was sent to a person to choose a password: it works once."""

    __tablename__ = "one_time_links"

    key_hash: Mapped[str] = mapped_column(String(HASH_CHARS), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    purpose: Mapped[str] = mapped_column(String(16))  # "invitation" or "password"
    until: Mapped[datetime] = mapped_column(UtcTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcTime)
    user: Mapped[User] = relationship()


class UsedTicket(Base):
    """A link of the terminal (`flowdrop.entry`) that was opened and will not open again."""

    __tablename__ = "used_tickets"

    key_hash: Mapped[str] = mapped_column(String(HASH_CHARS), primary_key=True)
    used_at: Mapped[datetime] = mapped_column(UtcTime)


class ApiToken(Base):
    """What a program shows to act for a person, in fewer things or for a shorter time."""

    __tablename__ = "api_tokens"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    key_hash: Mapped[str] = mapped_column(String(HASH_CHARS))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str] = mapped_column(String(NAME_CHARS_MAX))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    until: Mapped[datetime] = mapped_column(UtcTime)
    seen_at: Mapped[datetime | None] = mapped_column(UtcTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcTime)
    user: Mapped[User] = relationship()
    organisation: Mapped[Organisation] = relationship()


class SecondFactor(Base):
    """The secret that a person's phone shares with us, and the last code's time step."""

    __tablename__ = "second_factors"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    secret: Mapped[str] = mapped_column(String(64))
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    last_step: Mapped[int | None] = mapped_column(BigInteger)


class FailedSignIn(Base):
    """A sign-in that failed, under a hash of whom it was for or of where it came from."""

    __tablename__ = "failed_sign_ins"
    __table_args__ = (Index("failed_sign_ins_by_key", "key_hash", "at"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    key_hash: Mapped[str] = mapped_column(String(HASH_CHARS))
    at: Mapped[datetime] = mapped_column(UtcTime)
