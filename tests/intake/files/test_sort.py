"""Records by time, whatever their number; those of one time as they stood."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from intake.files.sort import SCHEMA, Spool

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("run_bytes", [1, 5_000, 10**9])
def test_records_come_by_time_then_row_then_rule(tmp_path: Path, run_bytes: int) -> None:
    draw = random.Random(3)
    made = [
        (draw.randrange(50), row, rule, 3, b"s", b"%d" % row)
        for row in range(3_000)
        for rule in range(2)
    ]
    spool = Spool(tmp_path / "spool", run_bytes)
    for start in range(0, len(made), 700):
        columns = zip(*made[start : start + 700], strict=True)
        spool.add(
            pa.RecordBatch.from_arrays(
                [
                    pa.array(list(own), kind)
                    for own, kind in zip(columns, SCHEMA.types, strict=True)
                ],
                schema=SCHEMA,
            )
        )
    assert spool.count == len(made)
    assert list(map(tuple, spool.records())) == sorted(made)
    spool.remove()
    assert not (tmp_path / "spool").exists()


def test_nothing_is_nothing(tmp_path: Path) -> None:
    assert list(Spool(tmp_path / "spool").records()) == []
