"""What people are told when the warehouse no longer answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from console.warehouse import Warehouse, WarehouseDownError
from local import processes
from local.clickhouse.node import EngineNode

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.clickhouse


def test_a_warehouse_that_goes_away_is_told_without_a_librarys_words(tmp_path: Path) -> None:
    node = EngineNode.of_its_own(tmp_path / "clickhouse")
    processes.start(node.part)
    processes.wait_ready(node.part)
    warehouse = Warehouse(node.url("admin"))
    try:
        with warehouse.client() as client:
            assert client.query("SELECT 1").result_rows
    finally:
        processes.stop(node.part)
    with pytest.raises(WarehouseDownError) as refused, warehouse.client() as client:
        client.query("SELECT 1")
    said = refused.value.message
    assert "start it with `flowdrop up`" in said
    for inner in ("HTTP", "url", "query_id", "object at", "Pool"):
        assert inner not in said, said
