"""A report laid out for a person at a terminal, in English or Chinese."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from console.reporting.words import in_language

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from console.reports.basis import Words

TABLE_WIDTH_MIN = 120  # columns


class Layout:
    """Prints a report's words, tables and sentences in one language."""

    def __init__(self, lang: str, chinese: Mapping[str, str]) -> None:
        self.lang = lang
        self._chinese = chinese
        self._out = Console(highlight=False)
        self._wide = Console(highlight=False, width=max(self._out.width, TABLE_WIDTH_MIN))

    def word(self, english: str, **values: Any) -> str:
        """Return a word of the report in this language, with `values` put into its places."""
        return in_language(english, self.lang, self._chinese).format(**values)

    def heading(self, english: str, **values: Any) -> None:
        """Print a report's name."""
        self.line(self.word(english, **values), style="bold")

    def line(self, text: str = "", *, style: str = "") -> None:
        """Print a line as it is."""
        self._out.print(Text(text, style=style))

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
        **values: Any,
    ) -> None:
        """Print a table; its first column is text, the others are numbers.

        Args:
            title: its title, a word of the report.
            columns: its heads, likewise.
            rows: its cells.
            listed: the columns that are a list in words.
            values: for the places of the title.
        """
        table = Table(
            title=self.word(title, **values),
            title_justify="left",
            box=None,
            padding=(0, 1),
            pad_edge=False,
            header_style="bold",
        )
        for index, column in enumerate(columns):
            # Only a list in words may break into lines: a broken number is read wrongly.
            table.add_column(
                self.word(column),
                justify="right" if index and column not in listed else "left",
                no_wrap=column not in listed,
            )
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        self._out.print()
        # In a narrow window lines break, but no number is ever cut short.
        self._wide.print(table)

    def sentences(self, words: Iterable[Words | None]) -> None:
        """Print what has to be said, a paragraph each."""
        self._out.print()
        for sentence in words:
            if sentence is not None:
                self.line(sentence.of(self.lang), style="dim")
