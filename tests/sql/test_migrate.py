from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import click
import pytest

from sql.migrate import MIGRATIONS, Applied, migrate

if TYPE_CHECKING:
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

pytestmark = pytest.mark.clickhouse


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, copy)
    return copy


def _tables(client: Client) -> set[str]:
    return {name for (name,) in client.query("SHOW TABLES").result_rows}


def test_every_file_is_applied_once_in_order(database: Client) -> None:
    applied = migrate(database)
    files = sorted(MIGRATIONS.glob("*.sql"))
    assert [f"{version:03}_{name}" for version, name in applied] == [path.stem for path in files]
    texts = {path.stem[4:]: path.read_text(encoding="utf-8") for path in files}
    makes = [
        name for name, text in texts.items() if "\nCREATE " in text and "OR REPLACE" not in text
    ]
    assert _tables(database) == {*makes, "schema_versions"}


def test_a_second_run_changes_nothing(database: Client) -> None:
    migrate(database)
    query = "SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase()"
    before = database.query(query).result_rows
    assert migrate(database) == []
    assert database.query(query).result_rows == before


def test_a_new_file_is_all_that_the_next_run_applies(database: Client, folder: Path) -> None:
    migrate(database, folder)
    (folder / "900_later.sql").write_text("CREATE TABLE later (a Int8) ENGINE = Memory\n")
    assert migrate(database, folder) == [Applied(900, "later")]


def test_a_changed_file_is_refused_in_words(database: Client, folder: Path) -> None:
    migrate(database, folder)
    first = min(folder.glob("*.sql"))
    first.write_text(first.read_text() + "-- changed\n")
    with pytest.raises(click.ClickException, match="put the change into a new file"):
        migrate(database, folder)


def test_a_broken_file_is_refused_and_those_before_it_stay(database: Client, folder: Path) -> None:
    (folder / "900_broken.sql").write_text("CREATE TABLE broken (a Int8) ENGINE = Nonsense\n")
    with pytest.raises(click.ClickException, match="Nonsense"):
        migrate(database, folder)
    assert "campaign_events" in _tables(database)
    (folder / "900_broken.sql").write_text("CREATE TABLE mended (a Int8) ENGINE = Memory\n")
    assert migrate(database, folder) == [Applied(900, "broken")]
