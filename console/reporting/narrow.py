"""Which small count may be only a few different ones, by all sums of an answer together.

Counts are at least none and add up as their sums say, so what is told bounds what is not: two
impressions more than people bound how many were reached twice. A count of a few is safe where it
could be as many more or fewer people as are needed to be told.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from console.reporting.counts import Counts, Equation, Key

ROUNDING = 1e-6  # of a solution, in people
MARGIN = 1  # people: who sees impressions left over knows that somebody had them, which no sum says


class Narrow(NamedTuple):
    """A count that is known too well, and what bounds it."""

    key: Key
    witnesses: Collection[Key]


def narrow(counts: Counts, told: set[Key], borne: Collection[frozenset[Key]]) -> Narrow | None:
    """Return a small count that is not told and of which there are too few possibilities.

    Args:
        counts: of an answer.
        told: those that are told.
        borne: those that are known whatever this answer hides.
    """
    small = {
        key
        for key, value in counts.values.items()
        if 0 < value < counts.least[key] and key not in told and frozenset([key]) not in borne
    }
    if not small:
        return None
    for group in _linked(counts.equations, told):
        own = [key for key in _keys(group, told) if key in small]
        if own and (found := _System(counts, told, group).narrowest(own)):
            return found
    return None


def _keys(equations: Iterable[Equation], told: set[Key]) -> list[Key]:
    return list(dict.fromkeys(key for each in equations for key in each if key not in told))


def _linked(equations: Sequence[Equation], told: set[Key]) -> Iterator[list[Equation]]:
    """Yield the equations in groups that share no count that is not told."""
    of: dict[Key, list[int]] = defaultdict(list)
    for n, equation in enumerate(equations):
        for key in equation:
            if key not in told:
                of[key].append(n)
    seen: set[int] = set()
    for first in range(len(equations)):
        group, waiting = [], [first] if first not in seen else []
        seen.add(first)
        while waiting:
            n = waiting.pop()
            group.append(n)
            for key in equations[n]:
                for other in of.get(key, ()):
                    if other not in seen:
                        seen.add(other)
                        waiting.append(other)
        if group:
            yield [equations[n] for n in sorted(group)]


class _System:
    """What is possible of counts that are linked."""

    def __init__(self, counts: Counts, told: set[Key], equations: Sequence[Equation]) -> None:
        import numpy as np
        from scipy.sparse import lil_array

        self._counts, self._told, self._equations = counts, told, equations
        self._keys = _keys(equations, told)
        self._at = {key: n for n, key in enumerate(self._keys)}
        self._matrix: Any = lil_array((len(equations), len(self._keys)))
        self._sums: Any = np.zeros(len(equations))
        for n, equation in enumerate(equations):
            for key, times in equation.items():
                if key in told:
                    self._sums[n] -= times * counts.values[key]
                else:
                    self._matrix[n, self._at[key]] = times
        self._matrix = self._matrix.tocsr()
        true = np.array([counts.values[key] for key in self._keys], dtype=float)
        self._low, self._high = true.copy(), true.copy()

    def narrowest(self, keys: Sequence[Key]) -> Narrow | None:
        """Return the first of some counts that is known too well, if one is."""
        for sign in (1, -1):  # as few, and as many, of all at once: mostly that is enough
            self._solve(keys, sign)
        for key in keys:
            equations: set[int] = set()
            for sign in (1, -1):
                if self._width(key) < self._needed(key):
                    equations |= self._solve([key], sign)
            if self._width(key) < self._needed(key):
                return Narrow(key, self._witnesses(equations))
        return None

    def _needed(self, key: Key) -> float:
        return self._counts.least[key] + MARGIN - ROUNDING

    def _width(self, key: Key) -> float:
        return float(self._high[self._at[key]] - self._low[self._at[key]])

    def _solve(self, keys: Sequence[Key], sign: int) -> set[int]:
        """Make counts as few (1) or as many (-1) as may be; return the sums that stop them."""
        import numpy as np
        from scipy.optimize import linprog

        most = float(max(self._counts.values.values(), default=0) * 2 + 1000)  # a person knows less
        costs = np.zeros(len(self._keys))
        costs[[self._at[key] for key in keys]] = sign
        found = linprog(costs, A_eq=self._matrix, b_eq=self._sums, bounds=(0, most), method="highs")
        if found.x is None:
            return set()
        self._low, self._high = np.minimum(self._low, found.x), np.maximum(self._high, found.x)
        return {int(n) for n in np.nonzero(np.abs(found.eqlin.marginals) > ROUNDING)[0]}

    def _witnesses(self, equations: Iterable[int]) -> set[Key]:
        return {
            key
            for n in equations
            for key in self._equations[n]
            if key in self._told and self._counts.values[key]
        }
