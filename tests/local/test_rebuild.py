"""A part of the warehouse breaks on the disk: it is set aside, said, and fed anew from Kafka."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sql.chains import TABLES
from sql.client import connect
from tests.local.home import Home

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(300)]

PARTS = ("kafka", "clickhouse", "worker", "feed")
LARGEST = """
SELECT path FROM system.parts WHERE table = 'ledger_results' AND active
ORDER BY bytes_on_disk DESC LIMIT 1
"""
KEPT = "INSERT INTO audiences (program, name) VALUES ('liuliangbao', 'kept')"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path / "home")
    try:
        made.run("up", *PARTS)
        made.run("replay", "evening")
        made.run("reconcile", "--wait", "100", "--json")
        yield made
    finally:
        made.run("down")


def test_a_broken_part_is_set_aside_and_fed_anew(home: Home) -> None:
    admin = connect(home.url("clickhouse_admin"))
    admin.command(KEPT)
    before = admin.query("SELECT count(), sum(amount) FROM ledger_results FINAL").result_rows
    (place,) = admin.query(LARGEST).first_row
    spoil(Path(place) / "data.bin")

    told = home.run("warehouse", "check", "--json", status=1)
    states = {row["table"]: row["state"] for row in json.loads(told[: told.rindex("]") + 1])}
    assert states["ledger_results"] != "whole"
    assert states["campaign_events"] == "whole"
    assert "Error" in home.run("reconcile", "--wait", "1", status=1)

    home.run("warehouse", "rebuild", "ledger_results", "--yes")
    assert home.run("warehouse", "check").count("whole") == len(TABLES)
    home.run("reconcile", "--wait", "100", "--json")
    after = admin.query("SELECT count(), sum(amount) FROM ledger_results FINAL").result_rows
    assert after == before
    assert admin.query("SELECT name FROM audiences").result_rows == [("kept",)]


def spoil(file: Path) -> None:
    """Overwrite the middle of a file, as a disk that lost its power may."""
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = b"\0" * 64
    file.write_bytes(content)
