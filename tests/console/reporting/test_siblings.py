"""What an organisation is told of real campaigns does not follow from what another report tells."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest
from pyarrow import parquet

from console.reporting.found import reports

if TYPE_CHECKING:
    import httpx

pytestmark = pytest.mark.clickhouse

ASKED = {  # nobody has described these, so they are their own
    "attribution": "campaign=hillstrom",
    "campaigns": "",
    "frequency": "campaign=cj-8",
    "lift": "campaign=hillstrom",
    "reach": "campaign=cj-8",
    "sales": "campaign=cj-8",
}


def told(web: httpx.Client, report: str, asked: str) -> Any:
    web.timeout = 60  # seconds: the first reader of a report waits for its libraries
    answer = web.get(f"/api/{report}?{asked}")
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("report", ASKED)
def test_every_surface_hides_the_same(web: httpx.Client, report: str) -> None:
    name = ASKED[report].rpartition("=")[2] or "cj-8"
    asked = f"{ASKED[report]}&as_organisation={name}"
    of = reports()[report]
    place = of.exports or of.place
    assert told(web, report, asked) is not None
    rows = list(csv.DictReader(io.StringIO(web.get(f"{place}.csv?{asked}").text)))
    own = parquet.read_table(io.BytesIO(web.get(f"{place}.parquet?{asked}").content)).to_pylist()
    assert web.get(f"{place}.xlsx?{asked}").status_code == 200
    assert rows
    for row, other in zip(rows, own, strict=True):
        empty = {name for name, value in row.items() if not value}
        assert empty == {name for name, value in other.items() if value in (None, "", [])}
    page = web.get(f"{(of.page and of.page.path) or of.place}?{asked}")
    assert page.status_code == 200
    assert f"Seen as {name}" in page.text


def test_reach_tells_no_day_that_sales_of_two_days_would_tell_another_by(web: httpx.Client) -> None:
    """Conversions of the second day would be what sales of both tell beyond those of the first."""
    days = told(web, "reach", "campaign=cj-8&as_organisation=cj-8")["by_day"]
    assert days
    assert all(day["conversions"] is None for day in days)
    assert any(day["conversions"] for day in told(web, "reach", "campaign=cj-8")["by_day"])
