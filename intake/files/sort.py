"""Records in the order of their times, however many there are: an external merge sort.

The ledger refuses what lies further behind its partition's clock than its window, so a file's
events are sent in the order of time. Sorted runs of a bounded size lie on disk; they are merged
while they are sent.
"""

from __future__ import annotations

import heapq
import shutil
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
from pyarrow import ipc

from intake.files.mapped import SCHEMA as MAPPED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMA = MAPPED.remove(MAPPED.get_field_index("id"))
RUN_BYTES = 128 * 1024 * 1024
ROWS_A_READ = 1_024


class Sorted(NamedTuple):
    """A record with what it is sorted by: time, then row, then rule."""

    time_us: int
    row: int
    rule: int
    partition: int
    subject: bytes
    value: bytes


class Spool:
    """Sorts records below a folder of its own, which is emptied at first.

    Args:
        folder: where the runs lie; only its owner may read them. What others put there meanwhile
            is removed with them.
        run_bytes: how much is sorted in memory at a time.
    """

    def __init__(self, folder: Path, run_bytes: int = RUN_BYTES) -> None:
        self.folder = folder
        self._run_bytes = run_bytes
        self._pending: list[pa.RecordBatch] = []
        self._bytes = 0
        self._runs: list[Path] = []
        self.count = 0
        self.remove()
        folder.mkdir(mode=0o700, parents=True)

    def add(self, records: pa.RecordBatch) -> None:
        """Take some records; whatever else than `SCHEMA` they have is left out."""
        records = records.select(SCHEMA.names)
        self.count += len(records)
        self._pending.append(records)
        self._bytes += records.nbytes
        if self._bytes >= self._run_bytes:
            self._write()

    def records(self) -> Iterator[Sorted]:
        """Yield all records by time; those of one time in the order in which they stand."""
        self._write()
        return heapq.merge(*(_read(run) for run in self._runs))

    def remove(self) -> None:
        """Remove what lies on disk."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self) -> None:
        """Write what is pending as a sorted run."""
        if not self._bytes:
            return
        table = pa.Table.from_batches(self._pending, SCHEMA)
        self._pending, self._bytes = [], 0
        keys = [table[name].to_numpy() for name in ("rule", "row", "time_us")]
        table = table.take(pa.array(np.lexsort(keys)))
        path = self.folder / f"{len(self._runs):06d}.arrow"
        options = ipc.IpcWriteOptions(compression="lz4")
        with pa.OSFile(str(path), "wb") as out, ipc.new_file(out, SCHEMA, options=options) as run:
            run.write_table(table, max_chunksize=ROWS_A_READ)
        self._runs.append(path)


def _read(path: Path) -> Iterator[Sorted]:
    with pa.OSFile(str(path), "rb") as file:
        run = ipc.open_file(file)
        for number in range(run.num_record_batches):
            columns = [column.to_pylist() for column in run.get_batch(number).columns]
            yield from map(Sorted._make, zip(*columns, strict=True))
