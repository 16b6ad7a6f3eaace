"""The audit log is a chain of hashes, tells of more than drops, and can only be added to."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op

from console.access.chain import START, link

revision = "011"
down_revision = "010"

SQL = Path(__file__).parent.parent / "append_only"
LOG = sa.table(
    "audit_log",
    *(sa.column(name) for name in ("id", "who", "action", "drop", "thing", "organisation")),
    sa.column("at", sa.DateTime),
    sa.column("detail", sa.JSON),
    *(sa.column(name) for name in ("previous", "hash")),
)
HEAD = sa.table("audit_head", *(sa.column(name) for name in ("id", "entries", "hash")))


def upgrade() -> None:
    """Add what an entry says besides, chain those there are, and forbid to change them."""
    with op.batch_alter_table("audit_log") as changed:
        changed.alter_column("who", existing_type=sa.String(128), type_=sa.String(300))
        changed.add_column(sa.Column("thing", sa.String(300), nullable=False, server_default=""))
        changed.add_column(
            sa.Column("organisation", sa.String(128), nullable=False, server_default="")
        )
        changed.add_column(sa.Column("previous", sa.String(64), nullable=False, server_default=""))
        changed.add_column(sa.Column("hash", sa.String(64), nullable=False, server_default=""))
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("entries", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    _chain(op.get_bind())
    for path in sorted((SQL / op.get_bind().dialect.name).glob("*.sql")):
        op.execute(sa.text(path.read_text()))


def _chain(connection: sa.Connection) -> None:
    entries, previous = 0, START
    for row in connection.execute(sa.select(LOG).order_by(LOG.c.id)).mappings().all():
        made = link(
            previous,
            at=row["at"],
            who=row["who"],
            action=row["action"],
            drop=row["drop"],
            thing=row["thing"],
            organisation=row["organisation"],
            detail=row["detail"],
        )
        connection.execute(
            sa.update(LOG).where(LOG.c.id == row["id"]).values(previous=previous, hash=made)
        )
        entries, previous = entries + 1, made
    connection.execute(sa.insert(HEAD).values(id=1, entries=entries, hash=previous))
