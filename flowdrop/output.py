"""What commands print: facts on standard output, progress on standard error; the one CSV writer.

`NO_COLOR` is honoured by rich; a pipe gets no colour and no moving bar.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
import sys
import unicodedata
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rich.console import Console, JustifyMethod
    from rich.text import Text

# What makes a spreadsheet evaluate a cell; East Asian ones take the wide forms as well.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")

PIPE_WIDTH = 10_000


def _plain(value: object) -> object:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form: {value!r}")


def json_text(value: object, *, indent: int | None = None, sort_keys: bool = False) -> str:
    """Return `value` as JSON: what commands, API, pages and the registry write.

    Times are in ISO form and non-ASCII text is as it is. What is not a number (NaN) or not finite
    is null: JSON has no notation for it, and a reader that follows the standard rejects the whole.
    """
    return json.dumps(
        _finite(value),
        default=_plain,
        ensure_ascii=False,
        allow_nan=False,
        indent=indent,
        sort_keys=sort_keys,
    )


def _finite(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    return [_finite(one) for one in value] if isinstance(value, list | tuple) else value


_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_LAYOUT = frozenset("\n\t")


def visible(text: str, keep: frozenset[str] = _LAYOUT) -> str:
    r"""Return `text` with what a terminal would obey, or nobody would see, escaped.

    Control characters, directional marks and zero-width characters become `\u202e` and the like;
    inside JSON that is their own spelling. Line feeds and tabs stay, or whatever else is to be
    kept.
    """
    if text.isprintable():
        return text
    return "".join(
        character
        if character in keep or unicodedata.category(character) not in _UNSEEN
        else json.dumps(character)[1:-1]
        if character != "\x7f"
        else "\\u007f"
        for character in text
    )


def echo(text: str) -> None:
    """Print a line for a person on standard output."""
    sys.stdout.write(visible(text) + "\n")


def counted(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun: `1 person`, `1,000 people`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def print_json(value: object) -> None:
    """Print `value` as JSON, indented."""
    sys.stdout.write(visible(json_text(value, indent=2)) + "\n")


def print_csv(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] = ()) -> None:
    """Print rows of equal keys as CSV; see `csv_text`."""
    sys.stdout.write(csv_text(rows, columns))


def csv_text(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] = ()) -> str:
    """Return rows of equal keys as CSV with a header.

    No rows give the header `columns`, or an empty text.
    """
    heads = list(rows[0] if rows else columns)
    if not heads:
        return ""
    lines = [heads, *([row[key] for key in heads] for row in rows)]
    return "".join(csv_line(line) for line in lines)


def csv_line(cells: Iterable[object], *, delimiter: str = ",", is_guarded: bool = True) -> str:
    """Return one row as CSV, ended by a line feed.

    Only what is to be read again by its own mapping is not guarded against spreadsheets' formulas.
    """
    out = io.StringIO()
    written = [_csv_cell(cell) if is_guarded else _finite(cell) for cell in cells]
    # The writer quotes its own line ending, so that no carriage return ends a row.
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerow(written)
    return out.getvalue().removesuffix("\r\n") + "\n"


def _csv_cell(value: object) -> object:
    """Return a value as CSV holds it: several names are words of one cell, a time is as in JSON.

    Whoever names a campaign must not decide what a spreadsheet evaluates: a text that it would take
    for a formula is preceded by an apostrophe. Numbers stay numbers; NaN is an empty cell.
    """
    value = _finite(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, list | tuple | set | frozenset):
        value = " ".join(str(each) for each in value)
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return "'" + value
    return value


def print_rows(rows: Sequence[Mapping[str, Any]], *, title: str = "", empty: str = "none") -> None:
    """Print rows of equal keys as a table for people; `empty` is printed when there are none.

    Where a window is too narrow for the table, each row is a record of names beside their values.
    """
    from rich.console import Console
    from rich.table import Table

    # A pipe has no width; in a terminal what is too long is folded, never cut.
    out = Console(width=None if has_width() else PIPE_WIDTH)
    if not rows:
        out.print(visible(f"{title}: {empty}" if title else empty), highlight=False, markup=False)
        return
    numeric = [all(isinstance(row[key], int | float) for row in rows) for key in rows[0]]
    cells = [[_cell(value) for value in row.values()] for row in rows]
    heads = [key.replace("_", " ") for key in rows[0]]
    columns = [[head, *own] for head, *own in zip(heads, *cells, strict=True)]
    if sum(_least(own, whole=right) for own, right in zip(columns, numeric, strict=True)) > (
        out.width - 3 * len(heads) - 1
    ):
        _print_records(out, title, heads, cells)
        return
    table = Table(title=visible(title) or None, title_justify="left")
    for head, right in zip(heads, numeric, strict=True):
        justify: JustifyMethod = "right" if right else "left"
        table.add_column(head, justify=justify, overflow="fold", no_wrap=right)
    for row in cells:
        table.add_row(*row)
    out.print(table)


def has_width() -> bool:
    """Return whether what is printed is seen in a window, or is to look so."""
    return sys.stdout.isatty() or bool(os.environ.get("COLUMNS"))


READABLE = 14  # characters of a column of words, below which its lines are too short to read


def _least(column: Sequence[str | Text], *, whole: bool) -> int:
    """Return how wide a column must be to be read: a number is whole, words may be folded."""
    from rich.cells import cell_len

    texts = [str(cell) for cell in column]
    longest = max(map(cell_len, texts))
    if whole:
        return longest
    word = max((cell_len(word) for text in texts for word in text.split()), default=0)
    return max(word, min(longest, READABLE))


def _print_records(
    out: Console, title: str, heads: Sequence[str], cells: Sequence[Sequence[Text]]
) -> None:
    from rich.table import Table

    if title:
        out.print(visible(title), style="italic", highlight=False, markup=False)
    for at, row in enumerate(cells):
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        for head, cell in zip(heads, row, strict=True):
            table.add_row(head, cell)
        if at:
            out.print()
        out.print(table)


def _cell(value: object) -> Text:
    from rich.text import Text

    if value is None:
        return Text("-")
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    if isinstance(value, int):
        return Text(f"{value:,}")
    if isinstance(value, float):
        return Text(f"{value:,.4f}")
    return Text(visible(str(value)))


def say(lines: Iterable[str] | str) -> None:
    """Print plain lines for a person on standard error."""
    for line in [lines] if isinstance(lines, str) else lines:
        sys.stderr.write(visible(line) + "\n")
