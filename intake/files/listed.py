"""A list of people from a file: who of them is known, and which rows name nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click
import numpy as np
from xxhash import xxh3_64_intdigest

from intake.files.reading import Source
from intake.mapping import RowRefusal
from intake.mapping.file import Written
from intake.mapping.values import as_text, cell
from streams.events.naming import odd_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from intake.files.warehouse import Known

ROWS_MAX = 10_000_000
REMEDY = "correct it, or leave it out"


class Listed(NamedTuple):
    """The people of a list.

    Attributes:
        people: those that are known, each once, in the list's order.
        unmatched: rows that name nobody known, or nobody at all.
        repeated: how many rows name somebody who was named before.
        rows: how many rows there are.
    """

    people: list[str]
    unmatched: list[RowRefusal]
    repeated: int
    rows: int


def read(path: Path, known: Known, *, column: str, kind: str, header: bool) -> Listed:
    """Return the people of a file.

    Args:
        path: CSV, JSON lines or Parquet.
        known: what the warehouse knows.
        column: where the ids are; "" for the first.
        kind: what they are ids of, which then stands before each: `member`; "" for nothing.
        header: whether a CSV file has one; without it, it has one column.

    Raises:
        click.ClickException: when it can't be read, has no such column, or the warehouse is silent.
    """
    if known.silent:
        raise click.ClickException(
            f"who is known stands in the warehouse, which was not asked: {known.silent}"
        )
    hashes = np.sort(known.people)
    people: dict[str, None] = {}
    unmatched: list[RowRefusal] = []
    rows = repeated = 0
    for number, where, value in _cells(path, column, header=header):
        rows += 1
        if rows > ROWS_MAX:
            raise click.ClickException(f"{path}: more than {ROWS_MAX:,} rows; split it")
        name = (as_text(value) or "").strip()
        person = f"{kind}:{name}" if kind else name
        if problem := _problem(name, person, hashes):
            unmatched.append(RowRefusal(number, where, name, problem, REMEDY))
        elif person in people:
            repeated += 1
        else:
            people[person] = None
    return Listed(list(people), unmatched, repeated, rows)


def _cells(path: Path, column: str, *, header: bool) -> Iterator[tuple[int, str, object]]:
    """Yield the number of each row, the name of the column, and what stands there."""
    columns = None if header else ["id"]
    source = Source(path, Written(columns=columns), (), whole=True)
    where = column
    for batch in source.batches():
        for place, number in enumerate(batch.numbers.tolist()):
            row = batch.row(place)
            where = where or next(iter(row))
            if source.columns and where not in row:
                raise click.ClickException(
                    f"{path}: there is no column {where!r}; it has {', '.join(row)}"
                )
            yield number, where, cell(row, where)


def _problem(name: str, person: str, hashes: np.ndarray) -> str:
    """Return why a name is not matched, "" if it is."""
    if not name:
        return "is empty"
    if odd := odd_in(person):
        return f"holds {odd}"
    wanted = np.uint64(xxh3_64_intdigest(person.encode()))
    place = int(np.searchsorted(hashes, wanted))
    return "" if place < len(hashes) and hashes[place] == wanted else "is not known"
