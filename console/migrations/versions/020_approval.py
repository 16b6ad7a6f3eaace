"""Reviews of drops, and what was decided in them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "020"
down_revision = "011"


def upgrade() -> None:
    """Make the tables; a drop from before that was not launched is a draft, and asks again."""
    op.add_column("drops", sa.Column("version", sa.Integer, nullable=False, server_default="1"))
    op.add_column("drops", sa.Column("changed_by", sa.String(300), nullable=True))
    op.add_column("drops", sa.Column("submitted_at", sa.DateTime, nullable=True))
    op.add_column("drops", sa.Column("approved_at", sa.DateTime, nullable=True))
    op.create_table(
        "drop_reviews",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("drop", sa.String(128), sa.ForeignKey("drops.name"), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("asked_at", sa.DateTime, nullable=False),
        sa.Column("asked_by", sa.String(300), nullable=False),
        sa.Column("needed", sa.Integer, nullable=False),
        sa.Column("budget", sa.BigInteger, nullable=False),
        sa.Column("people", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.DateTime, nullable=True),
        sa.Column("outcome", sa.String(16), nullable=True),
    )
    op.create_index("drop_reviews_by_drop", "drop_reviews", ["drop"])
    op.create_table(
        "drop_decisions",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("review", sa.Integer, sa.ForeignKey("drop_reviews.id"), nullable=False),
        sa.Column("person", sa.String(300), nullable=False),
        sa.Column("who", sa.String(300), nullable=False),
        sa.Column("approves", sa.Boolean, nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.UniqueConstraint("review", "person", name="drop_decisions_once"),
    )
