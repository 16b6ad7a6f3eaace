"""Drops, their frozen people, who was left out, and the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "drops",
        sa.Column("name", sa.String(128), primary_key=True),
        sa.Column("program", sa.String(128), nullable=False),
        sa.Column("budget", sa.BigInteger, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("audience", sa.String(128), nullable=False),
        sa.Column("holdout", sa.Float, nullable=False),
        sa.Column("until", sa.DateTime),
        sa.Column("partitions", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("created_by", sa.String(128), nullable=False),
        sa.Column("launched_at", sa.DateTime),
        sa.Column("acknowledged_at", sa.DateTime),
        sa.Column("cancelled_at", sa.DateTime),
    )
    op.create_table(
        "drop_members",
        sa.Column("drop", sa.String(128), sa.ForeignKey("drops.name"), primary_key=True),
        sa.Column("person", sa.String(128), primary_key=True),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("arm", sa.String(16), nullable=False),
        sa.Column("probability", sa.Float, nullable=False),
        sa.Column("assigned_at", sa.DateTime, nullable=False),
    )
    op.create_index("drop_members_by_rank", "drop_members", ["drop", "rank"])
    op.create_table(
        "drop_left_out",
        sa.Column("drop", sa.String(128), sa.ForeignKey("drops.name"), primary_key=True),
        sa.Column("person", sa.String(128), primary_key=True),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
    )
    op.create_index("drop_left_out_by_rank", "drop_left_out", ["drop", "rank"])
    op.create_table(
        "audit_log",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("who", sa.String(128), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("drop", sa.String(128), nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
    )
