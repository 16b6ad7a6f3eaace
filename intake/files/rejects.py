"""Rows that were refused: counted, the first of them kept, and all of them written to be mended."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, Self

import click

from flowdrop.output import csv_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from intake.mapping import RowRefusal

KEPT_MAX = 1_000
HEADS = ("row", "column", "value", "problem", "remedy")
"""What stands before a row's own cells; a file that begins with it is read without."""


class Rejects:
    """Takes refusals; with a path they are written as CSV, each with the cells of its row.

    Args:
        path: of the file to write; None for none.
        columns: of the imported file, which stand behind what was wrong.
        delimiter: of the imported file, so that the same mapping reads the mended rows.

    The file is in UTF-8 with a mark at its beginning, which a mapping's `encoding` yields to.

    Raises:
        click.ClickException: when the file can't be written.
    """

    def __init__(
        self, path: Path | None, columns: Sequence[str] = (), delimiter: str = ","
    ) -> None:
        self.count = 0
        self.first: list[RowRefusal] = []
        self._columns = tuple(columns)
        self._delimiter = delimiter
        self._out: IO[str] | None = None
        if path is not None:
            try:
                self._out = path.open("w", encoding="utf-8-sig", newline="")
            except OSError as error:
                raise click.ClickException(f"--rejects {path}: {error.strerror}") from error
            self._out.write(self._line([*HEADS, *self._columns]))

    def add(
        self,
        refusals: Iterable[RowRefusal],
        cells: Callable[[int], dict[str, Any] | Sequence[str]],
    ) -> None:
        """Take refusals; `cells` gives the row of a number, or its cells if they fit no header."""
        for refusal in refusals:
            self.count += 1
            if len(self.first) < KEPT_MAX:
                self.first.append(refusal)
            if self._out is not None:
                self._write(refusal, cells(refusal.row))

    def _write(self, refusal: RowRefusal, cells: dict[str, Any] | Sequence[str]) -> None:
        assert self._out is not None
        told = [getattr(refusal, head) for head in HEADS]
        own = map(cells.get, self._columns) if isinstance(cells, dict) else cells
        self._out.write(self._line([*told, *own]))

    def _line(self, cells: Sequence[object]) -> str:
        return csv_line(cells, delimiter=self._delimiter, is_guarded=False)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        if self._out is not None:
            self._out.close()
