"""Organisations, people and roles, sign-ins, links, tokens, second factors."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "010"
down_revision = "007"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "organisations",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.UniqueConstraint("kind", "name", name="organisations_once"),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("email", sa.String(254), nullable=False, unique=True),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("password_hash", sa.String(255)),
        sa.Column("is_demo", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("deactivated_at", sa.DateTime),
        sa.Column("oidc_issuer", sa.String(255)),
        sa.Column("oidc_subject", sa.String(255)),
        sa.UniqueConstraint("oidc_issuer", "oidc_subject", name="users_of_provider"),
    )
    op.create_table(
        "memberships",
        _user(primary_key=True),
        _organisation(primary_key=True),
        sa.Column("role", sa.String(32), primary_key=True),
    )
    op.create_table(
        "sign_ins",
        sa.Column("key_hash", sa.String(64), primary_key=True),
        _user(),
        _organisation(),
        sa.Column("is_whole", sa.Boolean, nullable=False),
        sa.Column("started_at", sa.DateTime, nullable=False),
        sa.Column("seen_at", sa.DateTime, nullable=False),
        sa.Column("ended_at", sa.DateTime),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("agent", sa.String(200), nullable=False),
    )
    op.create_index("sign_ins_by_user", "sign_ins", ["user_id"])
    op.create_table(
        "one_time_links",
        sa.Column("key_hash", sa.String(64), primary_key=True),
        _user(),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("until", sa.DateTime, nullable=False),
        sa.Column("used_at", sa.DateTime),
    )
    op.create_table(
        "used_tickets",
        sa.Column("key_hash", sa.String(64), primary_key=True),
        sa.Column("used_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("key_hash", sa.String(64), nullable=False),
        _user(),
        _organisation(),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("until", sa.DateTime, nullable=False),
        sa.Column("seen_at", sa.DateTime),
        sa.Column("revoked_at", sa.DateTime),
    )
    op.create_table(
        "second_factors",
        _user(primary_key=True),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("confirmed_at", sa.DateTime),
        sa.Column("last_step", sa.BigInteger),
    )
    op.create_table(
        "failed_sign_ins",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    op.create_index("failed_sign_ins_by_key", "failed_sign_ins", ["key_hash", "at"])


def _user(*, primary_key: bool = False) -> sa.Column[int]:
    return sa.Column(
        "user_id",
        sa.Integer,
        sa.ForeignKey("users.id"),
        primary_key=primary_key,
        autoincrement=False,
        nullable=False,
    )


def _organisation(*, primary_key: bool = False) -> sa.Column[int]:
    return sa.Column(
        "organisation_id",
        sa.Integer,
        sa.ForeignKey("organisations.id"),
        primary_key=primary_key,
        autoincrement=False,
        nullable=False,
    )
