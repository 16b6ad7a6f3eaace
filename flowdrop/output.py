"""What commands print: facts on standard output, progress on standard error.

`NO_COLOR` is honoured by rich; a pipe gets no colour and no moving bar.
"""

from __future__ import annotations

import csv
import json
import sys
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rich.progress import Task


def _plain(value: object) -> object:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form: {value!r}")


def print_json(value: object) -> None:
    """Print `value` as JSON, indented, with non-ASCII text as it is."""
    sys.stdout.write(json.dumps(value, default=_plain, ensure_ascii=False, indent=2) + "\n")


def print_csv(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows of equal keys as CSV with a header; no rows print nothing."""
    if rows:
        writer = csv.DictWriter(sys.stdout, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def print_rows(rows: Sequence[Mapping[str, Any]], *, title: str = "", empty: str = "none") -> None:
    """Print rows of equal keys as a table for people; `empty` is said when there are none."""
    out = Console()
    if not rows:
        out.print(f"{title}: {empty}" if title else empty, highlight=False, markup=False)
        return
    numeric = [all(isinstance(row[key], int | float) for row in rows) for key in rows[0]]
    table = Table(title=title or None, title_justify="left")
    for key, right in zip(rows[0], numeric, strict=True):
        table.add_column(key.replace("_", " "), justify="right" if right else "left")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    out.print(table)


def _cell(value: object) -> Text:
    if value is None:
        return Text("-")
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    if isinstance(value, int):
        return Text(f"{value:,}")
    if isinstance(value, float):
        return Text(f"{value:,.4f}")
    return Text(str(value))


class _Rate(TextColumn):
    """Units a second since the task began."""

    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "", style="dim")


def progress() -> Progress:
    """Return a progress display on standard error: name, bar, counts, rate, time.

    Example:
        with progress() as bar:
            for item in bar.track(items, total=len(items), description="replay"):
                ...
    """
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )


def say(lines: Iterable[str] | str) -> None:
    """Print plain lines for a person on standard error."""
    for line in [lines] if isinstance(lines, str) else lines:
        sys.stderr.write(line + "\n")
