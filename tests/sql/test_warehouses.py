"""A warehouse that tests copy is the one that migrations make."""

from __future__ import annotations

import itertools
from contextlib import ExitStack
from datetime import datetime
from typing import TYPE_CHECKING

import clickhouse_connect
import pytest

from sql.migrate import migrate
from sql.schema import schema
from tests.warehouses import add_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

pytestmark = pytest.mark.clickhouse


def _held(client: Client) -> dict[str, list[object]]:
    """Give the rows of each table that has some, without when they were written."""
    tables = client.query(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND total_rows > 0"
    ).result_columns[0]
    return {
        table: sorted(
            [cell for cell in row if not isinstance(cell, datetime)]
            for row in client.query(f"SELECT * FROM {table}").result_rows
        )
        for table in tables
    }


@pytest.fixture
def empty(engine: Path) -> Iterator[Callable[[], Client]]:
    """Make databases that hold nothing."""
    with ExitStack() as stack:

        def connected(database: str) -> Client:
            client = clickhouse_connect.get_client(
                interface="chdb", path=str(engine), database=database
            )
            stack.callback(client.close)
            return client

        owner, numbers = connected("default"), itertools.count()

        def make() -> Client:
            name = f"empty_{next(numbers)}"
            owner.command(f"CREATE DATABASE {name}")
            return connected(name)

        yield make


def test_a_copy_is_what_migrations_come_to(empty: Callable[[], Client]) -> None:
    made, first, copy = empty(), empty(), empty()
    migrate(made)
    add_tables(first)  # by migrations, if it is this process's first
    add_tables(copy)
    assert schema(copy) == schema(made)
    assert _held(copy) == _held(made)
    assert set(_held(copy)) == {"reach_zone", "schema_versions"}
    assert migrate(copy) == []
