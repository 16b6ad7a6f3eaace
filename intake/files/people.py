"""How many people a file tells of, exactly, in 8 bytes each, and how many of them are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc
from xxhash import xxh3_64_intdigest

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]

PENDING_MAX = 4_000_000  # hashes, of 8 bytes each, before those that are there twice go


class People:
    """Tells names apart by a hash of 64 bits: 8 bytes a person."""

    def __init__(self) -> None:
        self._hashes: Hashes = np.empty(0, np.uint64)
        self._pending: list[Hashes] = []
        self._count = 0

    def add(self, subjects: pa.BinaryArray) -> None:
        """Count some people, `(n,)`."""
        names = pc.unique(subjects).to_pylist()
        self._pending.append(np.fromiter(map(xxh3_64_intdigest, names), np.uint64, len(names)))
        self._count += len(names)
        if self._count > PENDING_MAX:
            self.hashes()

    def hashes(self) -> Hashes:
        """Return the hash of each person once, in ascending order, `(people,)`."""
        if self._pending:
            self._hashes = np.unique(np.concatenate([self._hashes, *self._pending]))
            self._pending, self._count = [], 0
        return self._hashes

    def without(self, *others: Hashes) -> int:
        """Return how many of the people are among none of several `others`."""
        left = self.hashes()
        for hashes in others:
            left = left[np.isin(left, hashes, kind="sort", invert=True)]
        return len(left)

    def known(self, hashes: Hashes) -> int:
        """Return how many of the people are among `hashes`, in any order."""
        return int(np.isin(self.hashes(), hashes, kind="sort").sum())

    def __len__(self) -> int:
        """Return how many people were counted."""
        return len(self.hashes())
