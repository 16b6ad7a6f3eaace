"""What the benchmarks print and draw: tables, the page, the plot."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from benchmarks import page
from benchmarks.latency import shown
from benchmarks.plot import Panel, figure
from benchmarks.scaling import SHAPES, plan
from benchmarks.tables import markdown

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_table_is_markdown_with_figures_to_the_right() -> None:
    assert markdown([{"engine": "layer", "events/s": 235_000, "x": None}]) == (
        "| engine | events/s |  x |\n| :----- | -------: | -: |\n| layer  |  235,000 |  - |"
    )


def test_the_page_gets_the_tables_that_are_kept_and_keeps_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "STORE", tmp_path)
    row = {"series": "workers", "events_per_s": 7}
    kept = {"command": "c", "machine": "m", "date": "d", "found": [row]}
    (tmp_path / "scaling.json").write_text(json.dumps(kept))
    text = (
        "a\n<!-- begin scaling -->\nold\n<!-- end scaling -->\nb\n"
        "<!-- begin ledger -->\nkept\n<!-- end ledger -->\n"
    )
    filled = page.filled(text)
    assert "old" not in filled
    assert "`c`, d, m:" in filled
    assert "| workers |            7 |" in filled
    assert "kept" in filled
    assert page.filled(filled) == filled


def test_the_page_has_a_place_for_every_table() -> None:
    text = page.PAGE.read_text()
    for name in page.TABLES:
        assert f"<!-- begin {name} -->\n" in text
        assert f"<!-- end {name} -->" in text


def test_the_figure_is_svg_with_a_bar_for_each_point() -> None:
    svg = figure([Panel("a & b", [("1", 10.0), ("2", 0.0)]), Panel("c", [("x", 3.0)])])
    root = ET.fromstring(svg)
    bars = root.findall(".//{http://www.w3.org/2000/svg}rect")
    assert [float(bar.attrib["height"]) > 0 for bar in bars] == [True, False, True]


def test_an_engine_that_falls_behind_has_no_latency() -> None:
    row = {"engine": "faust", "rate_per_s": 10_000, "kept_up": False, "p50_ms": None}
    row |= {"p99_ms": None, "max_ms": None, "ack_p50_ms": 1.0, "ack_p99_ms": 2.0}
    assert shown(row)["p50 ms"] == "can't"


def test_every_load_and_number_of_workers_is_planned() -> None:
    planned = list(plan(["workers", "hot"], quick=False, events=None))
    assert [workers for name, _, workers in planned if name == "workers"] == [1, 2, 4]
    assert tuple(job.shape for name, job, _ in planned if name == "hot") == SHAPES
