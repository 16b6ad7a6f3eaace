"""Populations of which organisations were told counts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "006"
down_revision = "005"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "seen_populations",
        sa.Column("organisation", sa.String(128), primary_key=True),
        sa.Column("population", sa.String(64), primary_key=True),
        sa.Column("seen_at", sa.DateTime, nullable=False),
        sa.Column("steps", sa.JSON, nullable=False),
        sa.Column("people", sa.LargeBinary, nullable=False),
    )
    op.create_index("seen_populations_by_time", "seen_populations", ["organisation", "seen_at"])
