from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from console.reports.campaigns import campaigns
from console.reports.lift import lift
from console.reports.overlap import overlap
from console.reports.reach import reach
from sql.days import refill

if TYPE_CHECKING:
    from collections.abc import Callable

    from clickhouse_connect.driver.client import Client

pytestmark = pytest.mark.clickhouse


def test_records_that_come_again_change_no_report_that_is_rebuilt(
    fresh: Callable[[], Client], fill: Callable[..., None], insert: Callable[..., None]
) -> None:
    client = fresh()

    def reports() -> list[Any]:
        return [
            reach(client, ["hillstrom", "cj-8", "cj-13"]),
            lift(client, "hillstrom"),
            overlap(client, "cj-8", "cj-13"),
            campaigns(client),
        ]

    fill(client)
    once = reports()
    fill(client)
    assert reports() == once

    # The same people's ids again, at later offsets, saying something else, most in other months.
    later = range(10**6, 10**6 + 500)
    for kind, campaign, begin, more in (
        (
            "assignment",
            "hillstrom",
            datetime(2009, 1, 1, tzinfo=UTC),
            {"arm": "mens", "probability": 0.9},
        ),
        ("conversion", "hillstrom", datetime(2009, 1, 1, tzinfo=UTC), {"value": 10**9}),
        ("contact", "cj-8", datetime(2017, 9, 1, tzinfo=UTC), {}),
    ):
        day = int(begin.timestamp()) * 1_000_000
        people, again = client.query(
            "SELECT person, id FROM campaign_events "
            "WHERE campaign = {c:String} AND type = {t:String} LIMIT 1 BY id LIMIT 500",
            parameters={"c": campaign, "t": kind},
        ).result_columns
        n = len(again)
        assert n > 100
        insert(client, kind, campaign, people, day, id=again, offset=later[:n], **more)
    refill(client, "UTC")
    assert reports() == once
    client.command("OPTIMIZE TABLE campaign_events FINAL")
    assert reports() == once
