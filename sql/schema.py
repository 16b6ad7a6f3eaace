"""The warehouse's schema as it stands: the result of all migrations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sql.client import rows

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client


def schema(client: Client) -> str:
    """Return the statement that would create each table and view, by name.

    As the engine reports them, without the name of the database, each ended by a semicolon.
    """
    database = str(client.database)
    statements = (str(row["statement"]) for row in rows(client, "warehouse/schema"))
    return "\n".join(f"{_bare(statement, database)};\n" for statement in statements)


def _bare(statement: str, database: str) -> str:
    return statement.replace(f"`{database}`.", "").replace(f"{database}.", "").rstrip()
