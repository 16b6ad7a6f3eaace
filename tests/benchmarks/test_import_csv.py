"""The ways that are compared give the same records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.import_csv import WAYS, compare, measure, write

if TYPE_CHECKING:
    from pathlib import Path


def test_the_ways_give_the_same_records(tmp_path: Path) -> None:
    write(tmp_path / "orders.csv", 500, 8)
    compare(tmp_path / "orders.csv")
    for way in WAYS:
        assert measure(way, tmp_path / "orders.csv", 500)["rows"] == 500
