"""Events that bear the name of another: repeats are counted, conflicts named by their rows."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from intake.files import parts
from intake.files.mapped import SCHEMA
from intake.files.twice import Conflict, Twice

if TYPE_CHECKING:
    from pathlib import Path


def records(*made: tuple[int, str, str, str]) -> pa.RecordBatch:
    rows = [
        {
            "time_us": 0,
            "row": row,
            "rule": 0,
            "partition": 0,
            "subject": subject.encode(),
            "id": name.encode(),
            "value": value.encode(),
        }
        for row, subject, name, value in made
    ]
    return pa.RecordBatch.from_pylist(rows, schema=SCHEMA)


@pytest.mark.parametrize("pending", [1, 10**9])
def test_repeats_and_conflicts_are_told_apart(
    tmp_path: Path, pending: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "PENDING_ROWS", pending)
    found = Twice(tmp_path)
    found.add(records((2, "ann", "A", "x"), (3, "bob", "A", "y"), (4, "ann", "B", "x")))
    found.add(records((5, "ann", "A", "x"), (6, "ann", "A", "z"), (7, "bob", "A", "z")))
    found.find()
    assert found.repeats == 1
    assert found.conflicts == 2
    assert found.first == [Conflict(6, 2), Conflict(7, 3)]
    assert not list(tmp_path.iterdir())


def test_it_counts_as_a_dictionary_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PENDING_ROWS", 100)
    draw = random.Random(5)
    made = [
        (row, draw.choice("ab"), str(draw.randrange(300)), draw.choice("xy")) for row in range(999)
    ]
    seen: dict[tuple[str, str], tuple[int, str]] = {}
    repeats, conflicts = 0, []
    for row, subject, name, value in made:
        earlier, content = seen.setdefault((subject, name), (row, value))
        if earlier != row:
            repeats += content == value
            conflicts += [Conflict(row, earlier)] if content != value else []
    found = Twice(tmp_path)
    for start in range(0, len(made), 77):
        found.add(records(*made[start : start + 77]))
    found.find()
    assert (found.repeats, found.conflicts, found.first) == (repeats, len(conflicts), conflicts)


def test_an_id_of_different_people_is_told_of(tmp_path: Path) -> None:
    found = Twice(tmp_path)
    found.add(records((2, "ann", "A", "x"), (3, "bob", "A", "y"), (4, "ann", "B", "x")))
    found.add(records((5, "bob", "B", "x"), (6, "cat", "B", "x"), (7, "ann", "A", "x")))
    found.find()
    assert (found.repeats, found.conflicts, found.shared) == (1, 0, 2)
    assert found.first_shared == [Conflict(3, 2), Conflict(5, 4), Conflict(6, 4)]
