"""Entries by a hash of 64 bits, on disk in as many parts as keep each small."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import DTypeLike, NDArray

PARTS = 64
PENDING_ROWS = 1_000_000
_SHIFT = np.uint64(58)  # the highest six bits choose the part


class Parts:
    """Takes entries, and gives them back part by part, all of a name together.

    Args:
        folder: where they lie; it is there, and holds nothing else.
        kind: of an entry; its field `name` is the hash.
    """

    def __init__(self, folder: Path, kind: DTypeLike) -> None:
        self._folder = folder
        self._kind = np.dtype(kind)
        self._pending: list[NDArray[np.void]] = []
        self._count = 0

    def add(self, entries: NDArray[np.void]) -> None:
        """Take some entries."""
        self._pending.append(entries)
        self._count += len(entries)
        if self._count >= PENDING_ROWS:
            self._write()

    def part(self, number: int) -> NDArray[np.void]:
        """Return the entries of a part, in the order in which they came."""
        self._write()
        path = self._path(number)
        return np.fromfile(path, self._kind) if path.exists() else np.empty(0, self._kind)

    def _write(self) -> None:
        if not self._count:
            return
        entries = np.concatenate(self._pending)
        self._pending, self._count = [], 0
        parts = (entries["name"] >> _SHIFT).astype(np.int64)
        entries = entries[np.argsort(parts, kind="stable")]
        ends = np.cumsum(np.bincount(parts, minlength=PARTS))
        for number, own in enumerate(np.split(entries, ends[:-1])):
            if len(own):
                with self._path(number).open("ab") as out:
                    out.write(own.tobytes())

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:02d}"
