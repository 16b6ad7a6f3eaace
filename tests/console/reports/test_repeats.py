from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from console.reports.campaigns import campaigns
from console.reports.lift import lift
from console.reports.overlap import overlap
from console.reports.reach import reach

if TYPE_CHECKING:
    from collections.abc import Callable

    from clickhouse_connect.driver.client import Client

pytestmark = pytest.mark.clickhouse


def test_records_that_come_again_change_no_report(
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

    # The ids again, at later offsets, in other months, saying something else.
    people, later = [f"other:{n}" for n in range(500)], range(10**6, 10**6 + 500)
    day = int(datetime(2009, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
    for kind, campaign, ids, more in (
        ("assignment", "hillstrom", "h-h:{}", {"arm": "mens", "probability": 0.9}),
        ("conversion", "hillstrom", "h-h:{}", {"value": 10**9}),
        ("contact", "cj-8", "contact-{}", {}),
    ):
        known = set(
            client.query(
                "SELECT id FROM campaign_events WHERE campaign = {c:String} AND type = {t:String}",
                parameters={"c": campaign, "t": kind},
            ).result_columns[0]
        )
        again = [i for n in range(64_000) if (i := ids.format(n)) in known][:500]
        n = len(again)
        assert n > 100
        insert(client, kind, campaign, people[:n], day, id=again, offset=later[:n], **more)
    assert reports() == once
    client.command("OPTIMIZE TABLE campaign_events FINAL")
    assert reports() == once
