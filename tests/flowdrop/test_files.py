"""Workbooks and Parquet: what a reader finds in them is what was written, and nothing computes."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime, timedelta, timezone

import click
import pytest
from pyarrow import parquet

from flowdrop.files import CHARACTERS_MAX, EXACT_MAX, parquet_bytes, xlsx_bytes
from flowdrop.output import FORMULA_STARTS
from tests.workbook import read

EAST = timezone(timedelta(hours=8))
ROW = {
    "name": "=1+1",
    "count": 7,
    "share": 0.25,
    "none": None,
    "nan": float("nan"),
    "yes": True,
    "day": date(2026, 11, 30),
    "time": datetime(2026, 11, 30, 8, 30, tzinfo=EAST),
    "names": ("a", "b"),
    "large": EXACT_MAX + 1,
}


def test_a_workbook_holds_each_kind_of_value() -> None:
    (heads, row) = read(xlsx_bytes({"One": ([ROW], ())}))["One"]
    assert heads == list(ROW)
    day = (date(2026, 11, 30) - date(1899, 12, 30)).days  # as Excel counts
    assert dict(zip(heads, row, strict=True)) == {
        "name": "=1+1",
        "count": 7.0,
        "share": 0.25,
        "none": None,
        "nan": None,
        "yes": True,
        "day": day,
        "time": pytest.approx(day + 0.5 / 24),
        "names": "a b",
        "large": str(EXACT_MAX + 1),
    }


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_no_cell_is_a_formula(start: str) -> None:
    made = xlsx_bytes({"One": ([{start + "head": f"{start}1+1"}], ())})
    sheet = zipfile.ZipFile(io.BytesIO(made)).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet


def test_a_sheet_a_table_and_heads_without_rows() -> None:
    made = read(xlsx_bytes({"One": ([{"a": 1}], ()), "What: [each] adds?": ([], ("b", "c"))}))
    assert made == {"One": [["a"], [1.0]], "What   each  adds ": [["b", "c"]]}


def test_a_text_that_no_cell_holds_is_refused_not_cut() -> None:
    with pytest.raises(click.ClickException, match="use --parquet"):
        xlsx_bytes({"One": ([{"a": "x" * (CHARACTERS_MAX + 1)}], ())})


def test_parquet_keeps_types() -> None:
    (row,) = parquet.read_table(io.BytesIO(parquet_bytes([ROW]))).to_pylist()
    assert row["time"] == datetime(2026, 11, 30, 0, 30, tzinfo=UTC)
    assert row["names"] == ["a", "b"]
    assert row["large"] == EXACT_MAX + 1
    assert (row["name"], row["none"], row["day"]) == ("=1+1", None, date(2026, 11, 30))
    assert parquet.read_table(io.BytesIO(parquet_bytes([], ("a", "b")))).column_names == ["a", "b"]
