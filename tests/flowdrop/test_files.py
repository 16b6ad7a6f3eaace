"""Workbooks and Parquet: what a reader finds in them is what was written, and nothing computes."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, date, datetime, timedelta, timezone

import click
import pytest
from pyarrow import parquet

from flowdrop.files import (
    AS_TEXT,
    CHARACTERS_MAX,
    EXACT_MAX,
    SheetChart,
    parquet_bytes,
    xlsx_bytes,
)
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


def test_long_numbers_keep_their_digits_and_the_head_says_how() -> None:
    long = [10**15 - 1, 10**16 + 1, 2**63 - 1, -(10**17) - 3]
    rows = [{"id": n, "other": n % 10} for n in long]
    made = xlsx_bytes({"One": (rows, ())})
    sheet = read(made)["One"]
    assert [row[0] for row in sheet[1:]] == [float(long[0]), *map(str, long[1:])]
    book = zipfile.ZipFile(io.BytesIO(made))
    notes = book.read("xl/comments1.xml").decode()
    assert AS_TEXT in notes
    assert re.findall(r'<comment ref="(\w+)"', notes) == ["A1"]
    assert 'numberStoredAsText="1"' in book.read("xl/worksheets/sheet1.xml").decode()
    short = zipfile.ZipFile(io.BytesIO(xlsx_bytes({"One": ([{"id": 10**15 - 1}], ())})))
    assert "xl/comments1.xml" not in short.namelist()


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


def sheet_xml(made: bytes, part: str = "xl/worksheets/sheet1.xml") -> str:
    return zipfile.ZipFile(io.BytesIO(made)).read(part).decode()


def shown_as(made: bytes, place: str) -> str:
    """Return the number format of a cell, as a workbook's styles have it."""
    style = re.search(rf'r="{place}" s="(\d+)"', sheet_xml(made))
    styles = sheet_xml(made, "xl/styles.xml")
    used = re.findall(r"<xf ([^>]*)", styles.partition("<cellXfs")[2])
    number = re.search(r'numFmtId="(\d+)"', used[int(style[1]) if style else 0])
    assert number
    own = dict(re.findall(r'numFmtId="(\d+)" formatCode="([^"]*)"', styles))
    return {"3": "#,##0", "4": "#,##0.00", "10": "0.00%", "0": "General"}.get(
        number[1], own.get(number[1], number[1])
    )


def test_a_number_is_shown_as_what_its_column_says() -> None:
    row = {"reach": 1234, "reach_share": 0.5, "cost_cents": 12.5, "grp": 1.25, "day": date.max}
    made = xlsx_bytes({"One": ([row], ())})
    shown = [shown_as(made, f"{letter}2") for letter in "ABCDE"]
    assert shown == ["#,##0", "0.00%", "#,##0.00", "#,##0.00##", "yyyy-mm-dd"]


def test_heads_stay_in_sight_and_columns_are_as_wide_as_their_cells() -> None:
    made = sheet_xml(xlsx_bytes({"One": ([{"a": "x" * 30, "b": 1, "c": "新" * 9}], ())}))
    assert '<pane ySplit="1" topLeftCell="A2"' in made
    widths = [float(width) for width in re.findall(r'<col [^>]*width="([\d.]+)"', made)]
    assert [round(width) for width in widths] == [33, 4, 21]


def test_a_chart_is_drawn_from_the_cells() -> None:
    rows = [{"basis": b, "day": date(2026, 3, n), "reach": n} for b in "ab" for n in (1, 2, 3)]
    chart = SheetChart(kind="line", x="day", y=("reach",), by="basis")
    made = xlsx_bytes({"One": (rows, ()), "None": ([], ("a",))}, {"One": chart, "None": chart})
    drawn = sheet_xml(made, "xl/charts/chart1.xml")
    cells = re.findall(r"<c:f>([^<]*)</c:f>", drawn)
    assert cells == ["One!$B$2:$B$4", "One!$C$2:$C$4", "One!$B$5:$B$7", "One!$C$5:$C$7"]
    assert "xl/charts/chart2.xml" not in zipfile.ZipFile(io.BytesIO(made)).namelist()


def test_more_rows_than_a_sheet_holds_are_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowdrop.files.ROWS_MAX", 3)
    assert xlsx_bytes({"One": ([{"a": 1}] * 2, ())})
    with pytest.raises(click.ClickException, match="3 rows exceed a sheet's 2; use --parquet"):
        xlsx_bytes({"One": ([{"a": 1}] * 3, ())})
