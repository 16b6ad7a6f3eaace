"""The rulebook: which rules a partition judges by, and when.

Rules published in the partition's log count from there on; before that, those that the ledger began
with. What is published is compiled once, however many partitions and batches read it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from streams.ledger.accounts import rules_name
from streams.ledger.terms import published_of
from streams.programs.canonical import program_of
from streams.programs.compiled import compiled
from streams.programs.entries import CHINA

if TYPE_CHECKING:
    from streams.ledger.book import Book
    from streams.ledger.rules import Rules
    from streams.programs import Calendar, Program
    from streams.programs.compiled import Compiled, Periods


class Rulebook(dict[str, "Periods | None"]):
    """Programs by name, from the beginning on; `None` for one unknown.

    What is published again is dropped, to be reread.
    """

    __slots__ = ("_book", "_rules")

    def __init__(self, book: Book, rules: Rules) -> None:
        super().__init__()
        self._book = book
        self._rules = rules

    def __missing__(self, name: str) -> Periods | None:
        """Read which rules are published here, once per batch."""
        account = self._book[rules_name(name, self._book.number)]
        if account is not None:
            found: Periods | None = _published(name, published_of(account.terms).rules)
        else:
            program = self._rules.programs.get(name)
            found = None if program is None else compiled(program)
        self[name] = found
        return found

    def at(self, name: str, time_us: int) -> Compiled | None:
        """Return a program's rules as they are at a time (microseconds), None for one unknown."""
        periods = self[name]
        return None if periods is None else periods.at(time_us)

    def calendar(self, name: str, time_us: int) -> Calendar:
        """Return which calendar's days count in a program at a time (microseconds)."""
        program = self.at(name, time_us)
        return CHINA if program is None else program.calendar


@lru_cache(maxsize=256)
def program_in(name: str, text: str) -> Program:
    """Return the program that published rules are.

    Raises:
        ValueError: when the text is not such a program.
    """
    return program_of(name, text)


@lru_cache(maxsize=256)
def _published(name: str, text: str) -> Periods:
    return compiled(program_in(name, text))
