"""Few exposures, asked in every way: all give the same figures, and a folder is filled once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from benchmarks.exposures import CAMPAIGNS, Size, fill, warehouse
from benchmarks.reach import STACKED, TARGETS_MS, main
from benchmarks.visible import Exposures

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.clickhouse
ROWS = 24_000


def test_every_way_gives_the_same_figures_and_a_folder_is_filled_once(tmp_path: Path) -> None:
    pytest.importorskip("pgserver", reason="pgserver has no wheel for this Python")
    folder, out = tmp_path / "kept", tmp_path / "out"
    args = ["--rows", f"{ROWS},{2 * ROWS}", "--folder", str(folder), "--out", str(out), "--json"]
    asked = CliRunner().invoke(main, [*args, "--only", "reports,unique,postgres"])
    assert asked.exit_code == 0, asked.output
    found = json.loads(asked.stdout)
    assert {row["question"] for row in found["reports"]} >= TARGETS_MS.keys()
    for row in found["beside"]:
        assert row["error"] == "0.00%" or row["way"] == "uniqCombined64", row
    assert {"flowdrop", "uniqExact", "PostgreSQL"} <= {
        row["way"] for row in found["beside"] if row["question"] == STACKED
    }
    assert (out / "reach.svg").read_text().count("<rect") >= 2 * len(TARGETS_MS)
    size = Size(ROWS)
    with warehouse(folder / str(ROWS)) as client:
        assert fill(client, folder / str(ROWS), size)["is_reused"]
        assert client.query("SELECT count() FROM reach_sums WHERE events > 0").result_rows[0][0]
        with pytest.raises(ValueError, match="24,000 exposures"):
            fill(client, folder / str(ROWS), Size(ROWS + 8))


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
    assert len(wanted) == len(CAMPAIGNS)


STORED = "SELECT campaign, sum(events) FROM reach_sums GROUP BY campaign ORDER BY campaign"


@pytest.mark.parametrize("total", [200, 4_321, 60_000])
def test_nobody_sees_a_campaign_twice(total: int) -> None:
    exposures = Exposures.of(total)
    seen = {
        (key, json.loads(value)["data"]["campaign"])
        for _, key, value in map(exposures.at, range(total))
    }
    assert len(seen) == total
