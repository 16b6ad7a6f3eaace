"""Alembic's entry: it upgrades over the connection that `console/database.py` opened."""

from __future__ import annotations

from alembic import context

from console.access import tables  # noqa: F401 - its tables are Base's, too
from console.drops.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite changes a column by rebuilding the table
    transactional_ddl=True,  # SQLite's too, once it is told where a transaction begins
)
with context.begin_transaction():
    context.run_migrations()
