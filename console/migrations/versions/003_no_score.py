"""People of an imported list have no score."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "003"
down_revision = "002"


def upgrade() -> None:
    """Allow that there is none."""
    for table in ("drop_members", "drop_left_out"):
        with op.batch_alter_table(table) as changed:
            changed.alter_column("score", existing_type=sa.Float(), nullable=True)
