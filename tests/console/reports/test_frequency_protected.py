"""What an advertiser's organisation is told of costs: nothing from which hidden ones follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from console.reporting.masked import masked
from console.reporting.viewer import Viewer
from console.reports.frequency import Asked, frequency
from console.reports.frequency_protected import PROTECTION

if TYPE_CHECKING:
    from collections.abc import Callable

    from clickhouse_connect.driver.client import Client

pytestmark = pytest.mark.clickhouse

DAY = 86_400_000_000  # microseconds
BEGIN = 20_000 * DAY


def test_a_cost_is_told_where_no_part_is_hidden(
    fresh: Callable[[], Client], insert: Callable[..., None]
) -> None:
    client = fresh()
    for creative, people, cost, day in (
        ("red", range(300), 3, 0),
        ("green", range(300, 400), 5, 0),
        ("blue", range(400, 430), 7, 0),
        ("grey", range(430, 470), 1, 1),
    ):
        names = [f"p-{n}" for n in people]
        insert(
            *(client, "exposure", "spring", names, BEGIN + day * DAY),
            id=[f"e-{name}" for name in names],
            creative=creative,
            cost=cost,
            format="display",
            pixels=1.0,
            seconds=2.0,
        )

    def told(**asked: Any) -> Any:
        found = frequency(client, Asked(("spring",), **asked))
        return masked(found, PROTECTION, Viewer(organisation="brand")).found

    def costs(rows: Any) -> list[int | None]:
        return [row.cost_cents for row in rows if row.basis == "served"]

    whole = 300 * 3 + 100 * 5 + 30 * 7 + 40
    plain, cut = told(), told(by="creative")
    assert costs(plain.bases) == [whole]
    assert not any(costs(plain.by_day))  # the other day is of forty people
    assert costs(cut.parts)  # told, but not what they cost
    assert not any(costs([*cut.bases, *cut.parts, *cut.by_day, *cut.by_campaign]))
    for row in (*cut.bases, *cut.parts):
        if row.basis == "served":
            assert row.cost_per_thousand_cents is None
