"""Whom an answer counts: people by number, in the steps in which it tells their number."""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

Numbers = Any  # a NumPy array of people's numbers, each once


REACHED, BOUGHT = "r", "b"  # kinds of populations, as their names begin
FAMILY = 48  # characters of a name that say what chooses people; the others say how they are told


@dataclass(frozen=True)
class Population:
    """People whom an answer counts: with the first step, with the first two, ... with all.

    Attributes:
        chosen_by: what chooses them, whenever it is asked: campaigns, days, basis.
        steps: the people whom each step adds.
        told_by: how it is told, where the same choice is told in other steps elsewhere.
        kind: only those of one kind are compared.
        beside: other choices that one answer tells together with this one, however few people
            they differ by: neither is held against the other.
    """

    chosen_by: tuple[Any, ...]
    steps: tuple[Numbers, ...]
    told_by: str = ""
    kind: str = REACHED
    beside: tuple[tuple[Any, ...], ...] = ()

    @property
    def name(self) -> str:
        """The same for the same choice, told alike; it begins with the kind."""
        return self._family(self.chosen_by) + _hash(self.told_by)[FAMILY:]

    @property
    def families(self) -> set[str]:
        """How the names begin of those that it need not differ from."""
        return {self._family(each) for each in (self.chosen_by, *self.beside)}

    def _family(self, chosen_by: tuple[Any, ...]) -> str:
        return self.kind + _hash(chosen_by)[1:FAMILY]

    @property
    def sizes(self) -> list[int]:
        """People in each step."""
        return [len(step) for step in self.steps]

    @property
    def packed(self) -> bytes:
        """The people, as they are kept."""
        import numpy as np

        parts = [np.diff(np.sort(step), prepend=0).astype("<u4") for step in self.steps]
        return zlib.compress(b"".join(part.tobytes() for part in parts), 1)


def _hash(of: Any) -> str:
    return hashlib.sha256(json.dumps(of, default=str).encode()).hexdigest()


def unpacked(sizes: Sequence[int], packed: bytes) -> tuple[Numbers, ...]:
    """Return the steps of a population that was kept."""
    import numpy as np

    every = np.frombuffer(zlib.decompress(packed), dtype="<u4")
    ends = np.cumsum(sizes)
    parts = [every[end - size : end] for size, end in zip(sizes, ends, strict=True)]
    return tuple(np.cumsum(part, dtype=np.int64) for part in parts)


def differences(one: Sequence[Numbers], other: Sequence[Numbers]) -> Any:
    """Return by how many people each step's total of one differs from each of the other."""
    import numpy as np

    people, at = np.unique(np.concatenate([*one, *other]), return_inverse=True)
    places = []
    for steps in (one, other):
        place = np.full(len(people), len(steps))
        place[at[: sum(map(len, steps))]] = np.repeat(np.arange(len(steps)), [*map(len, steps)])
        at = at[sum(map(len, steps)) :]
        places.append(place)
    shape = len(one) + 1, len(other) + 1
    met = np.bincount(places[0] * shape[1] + places[1], minlength=shape[0] * shape[1])
    both = met.reshape(shape).cumsum(0).cumsum(1)[:-1, :-1]
    own, others = np.cumsum([*map(len, one)]), np.cumsum([*map(len, other)])
    return own[:, None] + others[None, :] - 2 * both
