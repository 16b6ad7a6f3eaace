"""By which way and with which chance people came into a drop."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "007"
down_revision = "006"


def upgrade() -> None:
    """Add the columns; people of drops from before were all chosen by score."""
    op.add_column("drops", sa.Column("explore", sa.Float, nullable=True))
    op.add_column(
        "drop_members",
        sa.Column("chosen_by", sa.String(16), nullable=False, server_default="score"),
    )
    op.add_column("drop_members", sa.Column("chance", sa.Float, nullable=True))
    op.add_column("drop_left_out", sa.Column("chance", sa.Float, nullable=True))
