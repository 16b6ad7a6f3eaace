"""Events that bear the name of another of the same file: which rows they are of.

A name is an id within its subject. The same event twice is a repeat, which changes nothing; another
event of that name is a conflict, which is refused once it is published. Names are compared by
hashes of 64 bits, which lie on disk in as many parts as keep each small.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from xxhash import xxh3_64_intdigest

from intake.files.parts import PARTS, Parts

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

PREFIX = "names-"
LEFT_SECONDS = 86_400
KEPT_MAX = 1_000
_ENTRY = np.dtype([("name", np.uint64), ("content", np.uint64), ("row", np.int64)])


class Conflict(NamedTuple):
    """A row whose event has the name of an earlier row's, and other content."""

    row: int
    earlier: int


class Twice:
    """Notes events, and tells which of them have the name of another.

    Args:
        folder: below which the notes lie, in a folder of their own.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in folder.glob(f"{PREFIX}*"):  # by a process that was killed
            if time.time() - left.stat().st_mtime > LEFT_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
        self._folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=folder))
        self._parts = Parts(self._folder, _ENTRY)
        self.repeats = 0
        self.conflicts = 0
        self.first: list[Conflict] = []

    def add(self, records: pa.RecordBatch) -> None:
        """Note some records."""
        entries = np.empty(len(records), _ENTRY)
        names = zip(records["subject"].to_pylist(), records["id"].to_pylist(), strict=True)
        entries["name"] = [xxh3_64_intdigest(b"%b\n%b" % pair) for pair in names]
        entries["content"] = list(map(xxh3_64_intdigest, records["value"].to_pylist()))
        entries["row"] = records["row"].to_numpy()
        self._parts.add(entries)

    def find(self) -> None:
        """Count repeats and conflicts, keep the first of these, and forget the rest."""
        found: list[Conflict] = []
        for number in range(PARTS):
            if len(entries := self._parts.part(number)):
                found += self._of(entries)
        self.first = sorted(found)[:KEPT_MAX]
        self.close()

    def close(self) -> None:
        """Remove the notes."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _of(self, entries: NDArray[np.void]) -> list[Conflict]:
        entries = entries[np.lexsort((entries["row"], entries["name"]))]
        names = entries["name"]
        starts = np.r_[True, names[1:] != names[:-1]]
        firsts = entries[starts][np.cumsum(starts) - 1]
        same = entries["content"] == firsts["content"]
        self.repeats += int((~starts & same).sum())
        others = (~starts & ~same).nonzero()[0]
        self.conflicts += len(others)
        rows = zip(entries["row"][others].tolist(), firsts["row"][others].tolist(), strict=True)
        return sorted(map(Conflict._make, rows))[:KEPT_MAX]
