"""Treated people whom a launch left out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "002"
down_revision = "001"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "drop_left_out_since",
        sa.Column("drop", sa.String(128), sa.ForeignKey("drops.name"), primary_key=True),
        sa.Column("person", sa.String(128), primary_key=True),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("grant_sent", sa.Boolean, nullable=False),
    )
