"""What is said of a row that becomes no event, and of a mapping that can't be read."""

from __future__ import annotations

from dataclasses import dataclass

import click

SHOWN_CHARACTERS_MAX = 80


@dataclass(frozen=True)
class RowRefusal:
    """Why a row is no event: where, what stands there, what is wrong and what to do."""

    row: int  # as whoever gave the rows counts them
    column: str  # "" where it is the whole row
    value: str  # what stands there, cut short; "" for nothing
    problem: str
    remedy: str

    def words(self, place: str = "") -> str:
        """Return it as a sentence; `place` is what the row is called, if not by its number."""
        place = place or f"row {self.row:,}"
        if self.column:
            place += f", {self.column} = {self.value!r}"
        return f"{place}: {self.problem}; {self.remedy}"


class ValueRefusedError(Exception):
    """A value that can't be what the mapping asks for; `column` is "" until it is known."""

    def __init__(self, problem: str, remedy: str, column: str = "", value: object = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy
        self.column = column
        self.value = value

    def of_row(self, row: int) -> RowRefusal:
        """Return it as the refusal of a row."""
        return RowRefusal(row, self.column, shown(self.value), self.problem, self.remedy)


class MappingError(click.ClickException):
    """A mapping file that can't be used: file, key, value and remedy in one sentence."""


def shown(value: object) -> str:
    """Return a value as a refusal shows it."""
    text = "" if value is None else str(value)
    if len(text) <= SHOWN_CHARACTERS_MAX:
        return text
    return f"{text[:SHOWN_CHARACTERS_MAX]}… ({len(text):,} characters)"
