"""The console's SQL tables: drops, their people, the audit log, populations that were told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAME_CHARS_MAX = 128
WHO_CHARS_MAX = 300  # of a person, or of whom and for whom
REASON_CHARS_MAX = 500


class UtcTime(TypeDecorator[datetime]):
    """A moment, kept as UTC without offset (SQLite knows none) and read as an aware datetime."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Turn an aware datetime into naive UTC."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Turn naive UTC into an aware datetime."""
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """Every table of the console."""


class Drop(Base):
    """A targeted drop: its terms, fixed when it was created, and how far it got."""

    __tablename__ = "drops"

    name: Mapped[str] = mapped_column(String(NAME_CHARS_MAX), primary_key=True)
    program: Mapped[str] = mapped_column(String(NAME_CHARS_MAX))
    budget: Mapped[int] = mapped_column(BigInteger)
    amount: Mapped[int] = mapped_column(BigInteger)
    audience: Mapped[str] = mapped_column(String(NAME_CHARS_MAX))
    holdout: Mapped[float] = mapped_column(Float)
    explore: Mapped[float | None] = mapped_column(Float)  # share drawn whatever their scores
    until: Mapped[datetime | None] = mapped_column(UtcTime)
    partitions: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    created_by: Mapped[str] = mapped_column(String(NAME_CHARS_MAX))
    launched_at: Mapped[datetime | None] = mapped_column(UtcTime)
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcTime)
    # How its effect is measured, recorded before launch; a drop from before has none of it.
    design: Mapped[str | None] = mapped_column(String(32))
    goals: Mapped[list[str] | None] = mapped_column(JSON)
    guardrails: Mapped[list[str] | None] = mapped_column(JSON)
    planned_people: Mapped[int | None] = mapped_column(BigInteger)
    planned_end: Mapped[datetime | None] = mapped_column(UtcTime)
    tuned_at: Mapped[int | None] = mapped_column(BigInteger)  # N*: people of both arms who did it
    smallest_lift: Mapped[float | None] = mapped_column(Float)  # that matters, a share
    power: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)  # what it can show, by metric
    # How often its terms were changed, plus one, and by whom last; none: by whoever created it.
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    changed_by: Mapped[str | None] = mapped_column(String(WHO_CHARS_MAX))
    submitted_at: Mapped[datetime | None] = mapped_column(UtcTime)  # none while it is a draft
    approved_at: Mapped[datetime | None] = mapped_column(UtcTime)

    @property
    def state(self) -> str:
        """How far it got: `draft`, `in_review`, `approved`, `launching`, `launched`, `cancelled`.

        While it is `launching` it may have been published in part.
        """
        steps = (
            (self.cancelled_at, "cancelled"),
            (self.acknowledged_at, "launched"),
            (self.launched_at, "launching"),
            (self.approved_at, "approved"),
            (self.submitted_at, "in_review"),
        )
        return next((state for since, state in steps if since), "draft")


class MemberRow(Base):
    """A person of a drop, the arm drawn, with which probability, and when."""

    __tablename__ = "drop_members"
    __table_args__ = (Index("drop_members_by_rank", "drop", "rank"),)

    drop: Mapped[str] = mapped_column(ForeignKey("drops.name"), primary_key=True)
    person: Mapped[str] = mapped_column(String(NAME_CHARS_MAX), primary_key=True)
    rank: Mapped[int] = mapped_column(Integer)
    score: Mapped[float | None] = mapped_column(Float)
    arm: Mapped[str] = mapped_column(String(16))
    probability: Mapped[float] = mapped_column(Float)
    assigned_at: Mapped[datetime] = mapped_column(UtcTime)
    # Which way they came into the drop, and with which chance; of a drop from before, no chance.
    chosen_by: Mapped[str] = mapped_column(String(16), server_default="score")
    chance: Mapped[float | None] = mapped_column(Float)


class LeftOutRow(Base):
    """A person of the audience who is not in the drop, and why."""

    __tablename__ = "drop_left_out"
    __table_args__ = (Index("drop_left_out_by_rank", "drop", "rank"),)

    drop: Mapped[str] = mapped_column(ForeignKey("drops.name"), primary_key=True)
    person: Mapped[str] = mapped_column(String(NAME_CHARS_MAX), primary_key=True)
    rank: Mapped[int] = mapped_column(Integer)
    score: Mapped[float | None] = mapped_column(Float)
    reason: Mapped[str] = mapped_column(String(32))
    chance: Mapped[float | None] = mapped_column(Float)  # that there was to be in the drop


class LeftOutSinceRow(Base):
    """A treated person whom a launch left out, why, and whether they had the grant by then."""

    __tablename__ = "drop_left_out_since"

    drop: Mapped[str] = mapped_column(ForeignKey("drops.name"), primary_key=True)
    person: Mapped[str] = mapped_column(String(NAME_CHARS_MAX), primary_key=True)
    reason: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(UtcTime)
    grant_sent: Mapped[bool]


class ReviewRow(Base):
    """A drop that was handed in to be approved: which version of it, and how that ended."""

    __tablename__ = "drop_reviews"
    __table_args__ = (Index("drop_reviews_by_drop", "drop"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    drop: Mapped[str] = mapped_column(ForeignKey("drops.name"))
    version: Mapped[int] = mapped_column(Integer)
    asked_at: Mapped[datetime] = mapped_column(UtcTime)
    asked_by: Mapped[str] = mapped_column(String(WHO_CHARS_MAX))
    needed: Mapped[int] = mapped_column(Integer)  # people who approve; 0: it is small
    budget: Mapped[int] = mapped_column(BigInteger)  # coins, as it was then
    people: Mapped[int] = mapped_column(BigInteger)  # who get coins
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    outcome: Mapped[str | None] = mapped_column(String(16))  # approved, rejected, withdrawn


class DecisionRow(Base):
    """What one person decided in a review: once, for good."""

    __tablename__ = "drop_decisions"
    __table_args__ = (UniqueConstraint("review", "person", name="drop_decisions_once"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    review: Mapped[int] = mapped_column(ForeignKey("drop_reviews.id"))
    person: Mapped[str] = mapped_column(String(WHO_CHARS_MAX))
    who: Mapped[str] = mapped_column(String(WHO_CHARS_MAX))  # the same, and whose hand it was
    approves: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(REASON_CHARS_MAX))
    at: Mapped[datetime] = mapped_column(UtcTime)


class AuditRow(Base):
    """Who did what to which thing, when; rows are only ever added: see `console.access.audit`."""

    __tablename__ = "audit_log"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcTime)
    who: Mapped[str] = mapped_column(String(WHO_CHARS_MAX))
    action: Mapped[str] = mapped_column(String(32))
    drop: Mapped[str] = mapped_column(String(NAME_CHARS_MAX))
    thing: Mapped[str] = mapped_column(String(WHO_CHARS_MAX), server_default="")
    organisation: Mapped[str] = mapped_column(String(NAME_CHARS_MAX), server_default="")
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    previous: Mapped[str] = mapped_column(String(64), server_default="")
    hash: Mapped[str] = mapped_column(String(64), server_default="")


class AuditHead(Base):
    """The one row that says where the audit log ends."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    entries: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))


class SeenPopulation(Base):
    """People of whom an organisation was told how many they are; see `console.reporting.watch`."""

    __tablename__ = "seen_populations"

    organisation: Mapped[str] = mapped_column(String(NAME_CHARS_MAX), primary_key=True)
    population: Mapped[str] = mapped_column(String(64), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(UtcTime)
    steps: Mapped[list[int]] = mapped_column(JSON)
    people: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (Index("seen_populations_by_time", "organisation", "seen_at"),)
