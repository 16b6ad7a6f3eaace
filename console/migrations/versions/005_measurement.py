"""How a drop's effect is measured, recorded before launch, and what it can show."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "005"
down_revision = "003"


def upgrade() -> None:
    """Add the columns; drops from before have none of it."""
    with op.batch_alter_table("drops") as changed:
        changed.add_column(sa.Column("design", sa.String(32)))
        changed.add_column(sa.Column("goals", sa.JSON))
        changed.add_column(sa.Column("guardrails", sa.JSON))
        changed.add_column(sa.Column("planned_people", sa.BigInteger))
        changed.add_column(sa.Column("planned_end", sa.DateTime))
        changed.add_column(sa.Column("tuned_at", sa.BigInteger))
        changed.add_column(sa.Column("smallest_lift", sa.Float))
        changed.add_column(sa.Column("power", sa.JSON))
