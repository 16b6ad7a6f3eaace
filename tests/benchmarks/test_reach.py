"""Few exposures, asked in every way: all give the same figures, and a folder is filled once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from benchmarks.exposures import CAMPAIGNS, Size, fill, warehouse
from benchmarks.reach import (
    OFTEN,
    OFTEN_CHANNEL,
    OFTEN_CITY,
    OFTEN_WEEK,
    TARGETS_MS,
    reports,
    unique,
    write,
)
from benchmarks.visible import Exposures

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.clickhouse
ROWS = 24_000


def test_every_way_gives_the_same_figures(tmp_path: Path) -> None:
    with warehouse(tmp_path) as client:
        fill(client, tmp_path, Size(ROWS))
        figures = {name: calls[0]() for name, calls in reports(client, CAMPAIGNS[:1]).items()}
        for name, calls in unique(client, "uniqExact").items():
            assert calls[0]() == figures[name] > 0, name
        for name, calls in unique(client, "uniqCombined64").items():
            assert calls[0]() == pytest.approx(figures[name], rel=0.05), name
        assert figures.keys() >= TARGETS_MS.keys()
        assert figures[OFTEN_CHANNEL] >= figures[OFTEN] == figures[OFTEN_CITY] > figures[OFTEN_WEEK]
        again = fill(client, tmp_path, Size(ROWS))
        assert again["is_reused"]
        with pytest.raises(ValueError, match="24,000 exposures"):
            fill(client, tmp_path, Size(ROWS + 8))


def test_the_picture_has_a_bar_for_each_size(tmp_path: Path) -> None:
    rows = [
        {"question": name, "state": state, "exposures": size, "p50_ms": 7.0}
        for name in TARGETS_MS
        for state in ("as fed", "merged")
        for size in (1_000_000, 10_000_000)
    ]
    write({"reports": rows, "beside": []}, tmp_path)
    assert (tmp_path / "reach.svg").read_text().count("<rect") == 2 * len(TARGETS_MS)


def test_filling_that_was_cut_short_goes_on(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    with warehouse(whole) as client:
        fill(client, whole, Size(ROWS, 1_500))
        wanted = client.query(STORED).result_rows
    with warehouse(cut) as client:
        fill(client, cut, Size(ROWS, 1_500))
        kept = json.loads((cut / "filled.json").read_text())
        (cut / "filled.json").write_text(json.dumps(kept | {"lane": 1_500, "exposures": 12_000}))
        fill(client, cut, Size(ROWS, 1_500))
        assert client.query(STORED).result_rows == wanted
    assert sum(events for _, events in wanted) == ROWS


STORED = "SELECT campaign, sum(events) FROM reach_sums GROUP BY campaign ORDER BY campaign"


@pytest.mark.parametrize("total", [200, 4_321, 60_000])
def test_nobody_sees_a_campaign_twice(total: int) -> None:
    exposures = Exposures.of(total)
    seen = {
        (key, json.loads(value)["data"]["campaign"])
        for _, key, value in map(exposures.at, range(total))
    }
    assert len(seen) == total
