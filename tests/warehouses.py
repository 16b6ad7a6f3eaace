"""Warehouses for tests: the first of a process by all migrations, the others copied from it.

A hundred migrations take four times as long as the tables that they come to; `test_warehouses.py`
holds that both are the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from sql.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clickhouse_connect.driver.client import Client

# A view is made after tables; it names its columns, so that views may come in any order.
KINDS = {"View": 1, "MaterializedView": 2}
HERE = "THE_DATABASE"


class _Rows(NamedTuple):
    table: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]


class _Template(NamedTuple):
    statements: list[str]
    rows: list[_Rows]


_made: list[_Template] = []


def add_tables(client: Client) -> None:
    """Give an empty database what `migrate` would: tables, views, and the rows that these hold."""
    if not _made:
        migrate(client)
        _made.append(_read(client))
        return
    (template,) = _made
    name = _name(client)
    for statement in template.statements:
        client.command(statement.replace(HERE, name))
    for table, columns, rows in template.rows:
        client.insert(table, rows, column_names=columns)


def _name(client: Client) -> str:
    return str(client.command("SELECT currentDatabase()"))


def _read(client: Client) -> _Template:
    name = re.compile(rf"(?<![\w.])`?{re.escape(_name(client))}`?(?=\.)")
    tables = client.query(
        "SELECT name, engine, create_table_query, total_rows FROM system.tables "
        "WHERE database = currentDatabase()"
    ).result_rows
    tables.sort(key=lambda row: KINDS.get(row[1], 0))
    rows = []
    for table in (row[0] for row in tables if row[3]):
        found = client.query(f"SELECT * FROM {table}")
        rows.append(_Rows(table, found.column_names, found.result_rows))
    return _Template([name.sub(HERE, row[2]) for row in tables], rows)
