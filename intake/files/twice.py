"""Events that bear the id of another of the same file: which rows they are of.

A name is an id within its subject. The same event twice is a repeat, which changes nothing; another
event of that name is a conflict, which is refused once it is published. The same id of another
subject is another name, but may be a slip: an order has one buyer. Names and ids are compared by
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

    Bools = NDArray[np.bool_]

PREFIX = "names-"
LEFT_SECONDS = 86_400
KEPT_MAX = 1_000
_ENTRY = np.dtype([("name", np.uint64), ("content", np.uint64), ("row", np.int64)])
"""An event; in the second place, the hash of its id in that of its name, and its subject's."""


class Conflict(NamedTuple):
    """A row whose event has the name of an earlier row's, and other content; or another subject."""

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
        self._parts = Parts(self._made("by-name"), _ENTRY)
        self._ids = Parts(self._made("by-id"), _ENTRY)
        self.repeats = 0
        self.conflicts = 0
        self.first: list[Conflict] = []
        self.shared = 0
        self.first_shared: list[Conflict] = []

    def _made(self, name: str) -> Path:
        (folder := self._folder / name).mkdir(mode=0o700)
        return folder

    def add(self, records: pa.RecordBatch) -> None:
        """Note some records."""
        entries = np.empty(len(records), _ENTRY)
        subjects, ids = records["subject"].to_pylist(), records["id"].to_pylist()
        names = zip(subjects, ids, strict=True)
        entries["name"] = [xxh3_64_intdigest(b"%b\n%b" % pair) for pair in names]
        entries["content"] = list(map(xxh3_64_intdigest, records["value"].to_pylist()))
        entries["row"] = records["row"].to_numpy()
        self._parts.add(entries)
        _, firsts = np.unique(entries["row"], return_index=True)  # of a row, one event says it
        entries = entries[firsts]
        entries["name"] = [xxh3_64_intdigest(ids[place]) for place in firsts]
        entries["content"] = [xxh3_64_intdigest(subjects[place]) for place in firsts]
        self._ids.add(entries)

    def find(self) -> None:
        """Count repeats, conflicts and shared ids, keep the first of these, and forget the rest."""
        found: list[Conflict] = []
        shared: list[Conflict] = []
        for number in range(PARTS):
            if len(entries := self._parts.part(number)):
                found += self._of(entries)
            if len(entries := self._ids.part(number)):
                shared += self._shared_of(entries)
        self.first = sorted(found)[:KEPT_MAX]
        self.first_shared = sorted(shared)[:KEPT_MAX]
        self.close()

    def close(self) -> None:
        """Remove the notes."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _of(self, entries: NDArray[np.void]) -> list[Conflict]:
        entries, starts, firsts, same = _grouped(entries)
        self.repeats += int((~starts & same).sum())
        others = (~starts & ~same).nonzero()[0]
        self.conflicts += len(others)
        return _first_of(entries[others], firsts[others])

    def _shared_of(self, entries: NDArray[np.void]) -> list[Conflict]:
        entries, _, firsts, same = _grouped(entries)
        others = (~same).nonzero()[0]
        self.shared += len(np.unique(entries["name"][others]))
        return _first_of(entries[others], firsts[others])


def _grouped(entries: NDArray[np.void]) -> tuple[NDArray[np.void], Bools, NDArray[np.void], Bools]:
    """Return entries by name and row, which begin a name, the first of each one's, and if same."""
    entries = entries[np.lexsort((entries["row"], entries["name"]))]
    names = entries["name"]
    starts = np.r_[True, names[1:] != names[:-1]]
    firsts = entries[starts][np.cumsum(starts) - 1]
    return entries, starts, firsts, entries["content"] == firsts["content"]


def _first_of(entries: NDArray[np.void], firsts: NDArray[np.void]) -> list[Conflict]:
    rows = zip(entries["row"].tolist(), firsts["row"].tolist(), strict=True)
    return sorted(map(Conflict._make, rows))[:KEPT_MAX]
