"""A broken part is found whatever is wrong with it, set aside, told of, gone after a clearing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sql.chains import CHAINS, TABLES
from sql.client import rows, text
from sql.condition import clear, faults, look_through, missing, set_aside_broken
from tests.warehouses import add_tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from clickhouse_connect.driver.client import Client

pytestmark = pytest.mark.clickhouse

FILL = """
INSERT INTO {table:Identifier} (source_offset, source_topic)
SELECT number + {first:UInt32}, toString(rand64(number)) FROM numbers(100)
"""


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def halved(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def zeroed(path: Path) -> None:
    path.write_bytes(b"\0" * path.stat().st_size)


def gone(path: Path) -> None:
    path.unlink()


@pytest.fixture
def filled(database: Client) -> Client:
    """The warehouse with three parts of dead letters that no merge touches."""
    add_tables(database)
    database.command("SYSTEM STOP MERGES")
    for first in (0, 100, 200):
        database.command(FILL, {"table": "deadletters", "first": first})
    return database


def part_folder(client: Client) -> Path:
    found = client.query(
        "SELECT path FROM system.parts WHERE active AND table = 'deadletters' "
        "AND database = currentDatabase() ORDER BY name LIMIT 1"
    )
    return Path(found.result_rows[0][0])


def count(client: Client) -> int:
    return int(client.query("SELECT count(ignore(*)) FROM deadletters").result_rows[0][0])


@pytest.mark.parametrize("spoil", [emptied, halved, zeroed, gone])
@pytest.mark.parametrize("pattern", ["data.bin", "*mrk*", "count.txt"])
def test_a_broken_part_is_set_aside_and_told(
    filled: Client, spoil: Callable[[Path], None], pattern: str
) -> None:
    assert faults(filled) == {}
    spoil(next(part_folder(filled).glob(pattern)))
    filled.command("SYSTEM DROP MARK CACHE")
    [name] = set_aside_broken(filled, "deadletters")
    assert count(filled) == 200, "the others can be read"
    assert set_aside_broken(filled, "deadletters") == []
    told = missing(filled)["deadletters"]
    assert name.removeprefix("deadletters ") in told
    assert "`flowdrop warehouse rebuild deadletters` refills it from Kafka" in told
    assert faults(filled) == {"deadletters": told}

    clear(filled, "deadletters")
    assert count(filled) == 0
    assert faults(filled) == {}
    assert rows(filled, "warehouse/detached", table="deadletters") == []


def test_a_cleared_table_takes_the_same_inserts_again(filled: Client) -> None:
    settings = {"insert_deduplication_token": "deadletters:t:0:0:99"}
    values = {"table": "deadletters", "first": 300}
    filled.command(FILL, values, settings=settings)
    filled.command(FILL, values, settings=settings)
    assert count(filled) == 400
    clear(filled, "deadletters")
    filled.command(FILL, values, settings=settings)
    assert count(filled) == 100


def test_what_cannot_be_read_is_told_before_it_is_set_aside(filled: Client) -> None:
    for path in part_folder(filled).parent.glob("all_*/data.bin"):
        zeroed(path)
    found = faults(filled)
    assert list(found) == ["deadletters"]
    assert found["deadletters"].startswith("deadletters can't be read: ")
    assert len(look_through(filled)) == 3
    assert "lacks rows" in faults(filled)["deadletters"]


def test_a_part_that_another_covers_is_not_missing(filled: Client) -> None:
    filled.command("SYSTEM START MERGES")
    broken = part_folder(filled).name
    filled.command("OPTIMIZE TABLE deadletters FINAL")
    folder = part_folder(filled).parent
    (folder / "detached" / f"broken-on-start_{broken}").mkdir()
    assert [row["part"] for row in rows(filled, "warehouse/detached", table="deadletters")]
    assert missing(filled) == {}


def test_a_table_that_is_gone_is_told(filled: Client) -> None:
    filled.command("DROP TABLE deadletters SYNC")
    assert faults(filled)["deadletters"].startswith("deadletters can't be read: ")


def test_every_table_has_its_reading() -> None:
    for table in TABLES:
        assert f"FROM {table}" in text(f"warehouse/read_{table}")
    assert set(CHAINS) <= set(TABLES)
