"""False alarms of a city are counted, and the counting sees what there is to flag."""

from __future__ import annotations

from typing import TYPE_CHECKING

import clickhouse_connect
import pytest

from benchmarks.flags import alarms
from benchmarks.gifts import measure, store
from console.compliance.rules import RULES
from sql.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

pytestmark = pytest.mark.clickhouse


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    client = clickhouse_connect.get_client(interface="chdb", path=str(tmp_path))
    migrate(client)
    yield client
    client.close()


def test_a_city_in_which_nobody_does_wrong_raises_no_alarm(client: Client) -> None:
    found = alarms(client, people=200, days=35, seed=7)
    assert found.flags["default"] == dict.fromkeys(RULES, 0)
    assert found.flags["fewer coins"]["circular_gifts"] > 0  # there is something to see
    assert found.people == 200
    assert found.read["transfer"] > 400
    assert found.read["packet_claim"] > 800
    (row,) = [
        row
        for row in found.rows()
        if (row["thresholds"], row["rule"]) == ("fewer coins", "circular_gifts")
    ]
    assert row["per_1000_and_month"] == pytest.approx(row["flags"] * 5 / (35 * 12 / 365))


def test_what_flags_cost_is_measured_where_there_are_circles(client: Client) -> None:
    store(client, gifts=3_000, people=100, shop_share=0.1, seed=1)
    rows = {row["rule"]: row for row in measure(client)}
    assert rows["circular_gifts"]["flags"] > 0
    assert all(row["seconds"] > 0 for row in rows.values())
