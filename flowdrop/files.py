"""Tables as files other than CSV: an Excel workbook, and Parquet.

A spreadsheet evaluates none of their cells: a text is stored as a text, whatever it begins with.
"""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Rows = Sequence[Mapping[str, Any]]

ROWS_MAX = 1_048_576  # of a sheet
CHARACTERS_MAX = 32_767  # of a cell
SHEET_NAME_MAX = 31  # characters
EXACT_MAX = 10**15  # a sheet's numbers have 15 digits; longer ones are stored as text
_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\']")


def xlsx_bytes(sheets: Mapping[str, tuple[Rows, Sequence[str]]]) -> bytes:
    """Return a workbook with a sheet for each title: its rows, or only the headers if it has none.

    Raises:
        click.ClickException: when a table or a cell is larger than a workbook may hold.
    """
    import xlsxwriter

    out = io.BytesIO()
    options = {"in_memory": True, "remove_timezone": True}
    with xlsxwriter.Workbook(out, options) as book:
        formats: dict[type, Any] = {
            date: book.add_format({"num_format": "yyyy-mm-dd"}),
            datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        }
        for title, (rows, columns) in sheets.items():
            if len(rows) >= ROWS_MAX:
                raise click.ClickException(
                    f"{len(rows):,} rows exceed a sheet's {ROWS_MAX - 1:,}; use --parquet"
                )
            sheet = book.add_worksheet(_NOT_IN_A_NAME.sub(" ", title)[:SHEET_NAME_MAX])
            heads = list(rows[0] if rows else columns)
            for at, head in enumerate(heads):
                sheet.write_string(0, at, head)
            for line, row in enumerate(rows, 1):
                for at, head in enumerate(heads):
                    _write(sheet, (line, at), row[head], formats)
    return out.getvalue()


def _write(sheet: Any, place: tuple[int, int], value: Any, formats: Mapping[type, Any]) -> None:
    if value is None or value != value:  # noqa: PLR0124 - what is no number is an empty cell
        return
    if isinstance(value, bool):
        sheet.write_boolean(*place, value)
    elif isinstance(value, int | float) and abs(value) < EXACT_MAX:
        sheet.write_number(*place, value)
    elif isinstance(value, datetime):
        utc = value.astimezone(UTC) if value.tzinfo else value
        sheet.write_datetime(*place, utc.replace(tzinfo=None), formats[datetime])
    elif isinstance(value, date):
        sheet.write_datetime(*place, value, formats[date])
    else:
        listed = isinstance(value, list | tuple | set | frozenset)
        text = " ".join(str(each) for each in value) if listed else str(value)
        if sheet.write_string(*place, text) != 0:
            raise click.ClickException(
                f"a text of {len(text):,} characters exceeds a cell's {CHARACTERS_MAX:,}; "
                "use --parquet"
            )


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
