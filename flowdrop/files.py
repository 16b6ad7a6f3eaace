"""Tables as files other than CSV: an Excel workbook, and Parquet.

A spreadsheet evaluates none of their cells: a text is stored as a text, whatever it begins with.
"""

from __future__ import annotations

import io
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Rows = Sequence[Mapping[str, Any]]

ROWS_MAX = 1_048_576  # of a sheet
CHARACTERS_MAX = 32_767  # of a cell
SHEET_NAME_MAX = 31  # characters
EXACT_MAX = 10**15  # a sheet's numbers have 15 digits; longer ones are stored as text
AS_TEXT = (
    "Numbers of more than 15 digits stand here as text, since a spreadsheet would keep only 15 of "
    "them. Sums over this column leave them out."
)
WIDTH_MAX = 60  # characters of a column; what is longer is seen in its cell
SIZED_ROWS = 1000  # of a sheet, by which its columns are made wide enough
_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\']")
_SHARE = re.compile(r"(^|_)(share|rate)(_|$)")
_FORMATS = {
    "head": {"bold": True, "bottom": 1, "text_wrap": False},
    "day": {"num_format": "yyyy-mm-dd"},
    "time": {"num_format": "yyyy-mm-dd hh:mm:ss"},
    "count": {"num_format": "#,##0"},
    "decimal": {"num_format": "#,##0.00##"},
    "money": {"num_format": "#,##0.00"},
    "percent": {"num_format": "0.00%"},
}


@dataclass(frozen=True, kw_only=True)
class SheetChart:
    """A chart beside a sheet's rows, drawn from their cells.

    Attributes:
        kind: `line`, `column` or `bar`.
        x: the column along its axis.
        y: the columns that it shows.
        by: a column whose runs of one value are series of their own, if any.
    """

    kind: str
    x: str
    y: tuple[str, ...]
    by: str = ""


def xlsx_bytes(
    sheets: Mapping[str, tuple[Rows, Sequence[str]]],
    charts: Mapping[str, SheetChart] | None = None,
) -> bytes:
    """Return a workbook with a sheet for each title: its rows, or only the headers if it has none.

    A column whose name says that it is a share or a rate is shown as percent, one in cents with two
    decimals; the cells hold the exact values.

    Args:
        sheets: rows and columns by title.
        charts: by title.

    Raises:
        click.ClickException: when a table or a cell is larger than a workbook may hold.
    """
    import xlsxwriter

    out = io.BytesIO()
    # A sheet's rows go to a file as they are written, so they are written in order.
    options = {"constant_memory": True, "remove_timezone": True}
    with xlsxwriter.Workbook(out, options) as book:
        formats = {name: book.add_format(look) for name, look in _FORMATS.items()}
        for title, (rows, columns) in sheets.items():
            if len(rows) >= ROWS_MAX:
                raise click.ClickException(
                    f"{len(rows):,} rows exceed a sheet's {ROWS_MAX - 1:,}; use --parquet"
                )
            name = _NOT_IN_A_NAME.sub(" ", title)[:SHEET_NAME_MAX]
            sheet = book.add_worksheet(name)
            heads = list(rows[0] if rows else columns)
            _fill(sheet, heads, rows, formats)
            chart = (charts or {}).get(title)
            if chart is not None and rows:
                _draw(book, sheet, chart, heads, rows)
    return out.getvalue()


def _fill(sheet: Any, heads: Sequence[str], rows: Rows, formats: Mapping[str, Any]) -> None:
    from xlsxwriter.utility import xl_range

    sheet.freeze_panes(1, 0)
    for at, head in enumerate(heads):
        sheet.set_column(at, at, _width(head, rows))
        sheet.write_string(0, at, head, formats["head"])
        if any(_is_long(row[head]) for row in rows):
            sheet.write_comment(0, at, AS_TEXT)
            sheet.ignore_errors({"number_stored_as_text": xl_range(1, at, len(rows), at)})
    for line, row in enumerate(rows, 1):
        for at, head in enumerate(heads):
            _write(sheet, (line, at), head, row[head], formats)


def _is_long(value: Any) -> bool:
    """Return whether a number has more digits than a sheet's numbers."""
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= EXACT_MAX
    )


def _width(head: str, rows: Rows) -> int:
    """Return how many characters wide a column is, with room at its sides."""
    shown = [head, *(_shown(row[head]) for row in rows[:SIZED_ROWS])]
    return min(max(map(_cells, shown)) + 2, WIDTH_MAX)


def _shown(value: Any) -> str:
    """Return about what a cell shows."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return " ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)[:99]
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4f}"


def _cells(text: str) -> int:
    """Return how wide a text is: an East Asian character is two wide."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def _draw(book: Any, sheet: Any, chart: SheetChart, heads: list[str], rows: Rows) -> None:
    """Put a chart beside a sheet's rows."""
    made = book.add_chart({"type": chart.kind})
    name, x = sheet.get_name(), heads.index(chart.x)
    line = 1
    for part, run in groupby(rows, key=lambda row: row[chart.by] if chart.by else ""):
        last = line + len(list(run)) - 1
        for head in chart.y:
            y = heads.index(head)
            made.add_series(
                {
                    "name": f"{part}, {head}" if chart.by else [name, 0, y],
                    "categories": [name, line, x, last, x],
                    "values": [name, line, y, last, y],
                }
            )
        line = last + 1
    axis = {"date_axis": isinstance(rows[0][chart.x], date), "num_format": "yyyy-mm-dd"}
    made.set_x_axis(axis if axis["date_axis"] else {})
    if chart.kind == "bar":
        made.set_y_axis({"reverse": True})  # the first row on top
    made.set_legend({"position": "bottom"})
    made.set_size({"width": 720, "height": 380})
    sheet.insert_chart(1, len(heads) + 1, made)


def _write(
    sheet: Any, place: tuple[int, int], head: str, value: Any, formats: Mapping[str, Any]
) -> None:
    if value is None or value != value:  # noqa: PLR0124 - what is no number is an empty cell
        return
    if isinstance(value, bool):
        sheet.write_boolean(*place, value)
    elif isinstance(value, int | float) and not _is_long(value):
        sheet.write_number(*place, value, formats[_look(head, value)])
    elif isinstance(value, datetime):
        utc = value.astimezone(UTC) if value.tzinfo else value
        sheet.write_datetime(*place, utc.replace(tzinfo=None), formats["time"])
    elif isinstance(value, date):
        sheet.write_datetime(*place, value, formats["day"])
    else:
        listed = isinstance(value, list | tuple | set | frozenset)
        text = " ".join(str(each) for each in value) if listed else str(value)
        if sheet.write_string(*place, text) != 0:
            raise click.ClickException(
                f"a text of {len(text):,} characters exceeds a cell's {CHARACTERS_MAX:,}; "
                "use --parquet"
            )


def _look(head: str, value: float) -> str:
    """Return how a number of a column is shown."""
    if isinstance(value, int):
        return "count"
    if _SHARE.search(head):
        return "percent"
    return "money" if head.endswith("_cents") else "decimal"


def parquet_bytes(rows: Rows, columns: Sequence[str] = ()) -> bytes:
    """Return rows of equal keys as a Parquet file; without rows it has only `columns`.

    Times are in UTC, several names are a list, and missing values are null.
    """
    import pyarrow as pa
    from pyarrow import parquet

    heads = list(rows[0] if rows else columns)
    table = pa.table({head: [_plain(row[head]) for row in rows] for head in heads})
    out = io.BytesIO()
    parquet.write_table(table, out)
    return out.getvalue()


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple | set | frozenset) else value
