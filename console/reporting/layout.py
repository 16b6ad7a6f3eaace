"""A report laid out for a person at a terminal, in English or Chinese."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from console.i18n import Translator
from flowdrop.output import has_width

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from console.i18n import LocalizedText

TABLE_WIDTH_MIN = 120  # columns


class Layout(Translator):
    """Prints a report's lines, tables and sentences, with its messages in one language."""

    def __init__(self, lang: str) -> None:
        super().__init__(lang)
        self._out = Console(highlight=False)
        self._wide = Console(highlight=False)

    def heading(self, text: str) -> None:
        """Print a report's name."""
        self.line(text, style="bold")

    def line(self, text: str = "", *, style: str = "") -> None:
        """Print a line as it is."""
        self._out.print(Text(text, style=style))

    def line_of(self, words: LocalizedText | None) -> None:
        """Print a sentence as a line, if there is one."""
        if words is not None:
            self.line(words.of(self.lang))

    def facts(self, facts: Iterable[tuple[str, str]]) -> None:
        """Print names beside their values."""
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(style="dim")
        table.add_column(justify="right")
        for name, value in facts:
            table.add_row(name, value)
        self._out.print(table)

    def table(
        self,
        title: str,
        columns: Sequence[str],
        rows: Iterable[Sequence[str]],
        *,
        listed: Collection[str] = (),
    ) -> None:
        """Print a table; its first column is text, the others are numbers or listed.

        Where a window is too narrow for it, each row is a record of names beside their values.

        Args:
            title: its title.
            columns: its heads.
            rows: its cells.
            listed: the columns of words, which may be folded.
        """
        table = Table(
            title=title,
            title_justify="left",
            box=None,
            padding=(0, 1),
            pad_edge=False,
            header_style="bold",
        )
        cells = [list(row) for row in rows]
        needed = 0
        for index, column in enumerate(columns):
            # Only words may wrap, and only between them: a wrapped number is misread.
            texts = [column, *(row[index] for row in cells)]
            parts = [word for text in texts for word in text.split()] if column in listed else texts
            width = max(map(cell_len, parts), default=0)
            needed += width + 2
            table.add_column(
                column,
                justify="right" if index and column not in listed else "left",
                no_wrap=column not in listed,
                min_width=width,
            )
        if cells and needed > self._out.width and has_width():
            named = [head or title for head in columns]
            self.upright(title, [list(zip(named, row, strict=True)) for row in cells])
            return
        for row in cells:
            table.add_row(*(Text(cell) for cell in row))
        self._out.print()
        # What has no window is as wide as it must be, and nothing is ever truncated.
        self._wide.width = max(self._out.width, TABLE_WIDTH_MIN, needed)
        self._wide.print(table)

    def upright(self, title: str, records: Sequence[Iterable[tuple[str, str]]]) -> None:
        """Print records one below the other, each of them names beside their values."""
        if not records:
            return
        self.line()
        self.line(title, style="italic")
        for index, record in enumerate(records):
            if index:
                self.line()
            table = Table(box=None, show_header=False, pad_edge=False)
            table.add_column(style="dim", no_wrap=True)
            table.add_column(overflow="fold")
            for name, value in record:
                table.add_row(name, Text(value))
            self._out.print(table)

    def sentences(self, words: Iterable[LocalizedText | None]) -> None:
        """Print sentences, one paragraph each."""
        self._out.print()
        for sentence in words:
            if sentence is not None:
                self.line(sentence.of(self.lang), style="dim")
