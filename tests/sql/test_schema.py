from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sql.migrate import migrate
from sql.schema import schema

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

FILE = Path(__file__).parents[2] / "docs" / "schema.sql"

pytestmark = pytest.mark.clickhouse


def test_the_page_is_what_all_migrations_come_to(database: Client) -> None:
    migrate(database)
    assert schema(database) == FILE.read_text(), (
        "write it anew: `flowdrop sql schema > docs/schema.sql` on a warehouse that is up to date"
    )


def test_it_makes_the_same_warehouse(database: Client) -> None:
    """Views stand behind the tables they read, by no order: what fails waits for the others."""
    left = [text for text in FILE.read_text().split(";\n") if text.strip()]
    while left:
        again = [text for text in left if not _is_made(database, text)]
        assert len(again) < len(left), again[0]
        left = again
    assert schema(database) == FILE.read_text()


def _is_made(database: Client, statement: str) -> bool:
    try:
        database.command(statement)
    except Exception as error:
        if "UNKNOWN_TABLE" not in str(error):
            raise
        return False
    return True
