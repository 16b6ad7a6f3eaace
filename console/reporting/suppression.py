"""Which counts must not be told, so that no small one is and none follows from the others.

A count follows where sums leave one unknown, or where they add up to one: both are looked for, sum
by sum and in all sums together, and the smallest count that gives something away is hidden, until
nothing is. What zero people are in is always told: nobody is in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

Key = Hashable
Equation = Mapping[Key, int]  # counts times these are 0 together

PRIME = 2**31 - 1  # equations are solved in numbers up to it, where nothing is rounded


@dataclass
class Counts:
    """Counts of an answer, by keys, and how they relate.

    Attributes:
        values: people in each.
        least: how few of each may not be told.
        equations: what always holds between them.
        shown: those that would be told; the others only follow.
        rows: keys that are only told together with another one.
    """

    values: dict[Key, int] = field(default_factory=dict)
    least: dict[Key, int] = field(default_factory=dict)
    equations: list[Equation] = field(default_factory=list)
    shown: set[Key] = field(default_factory=set)
    rows: dict[Key, set[Key]] = field(default_factory=lambda: defaultdict(set))

    def is_small(self, keys: Collection[Key]) -> bool:
        """Return whether so few people are in these together that they may not be told."""
        people = sum(self.values[key] for key in keys)
        return 0 < people < min(self.least[key] for key in keys)


def suppress(counts: Counts) -> set[Key]:
    """Return what of the counts may be told."""
    left = _Left(counts)
    for key in [key for key in counts.shown if counts.is_small([key])]:
        left.hide(key)
    while left.hide_one():
        pass
    return left.shown


class _Left:
    """What is still told."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self.shown = set(counts.shown)
        self._of: dict[Key, list[Equation]] = defaultdict(list)
        totals: dict[Key, int] = defaultdict(int)
        for equation in counts.equations:
            for key, times in equation.items():
                self._of[key].append(equation)
                totals[key] += times < 0
        self._rank = {key: (totals[key], value, repr(key)) for key, value in counts.values.items()}

    def hide(self, key: Key) -> None:
        """Hide a count, and with it the rest of its row."""
        self.shown -= {key, *self._counts.rows.get(key, ())}

    def hide_one(self) -> bool:
        """Hide what gives away most cheaply what must not follow; return whether anything did."""
        known, given_by, betrayed = self._follow()
        if betrayed is None:
            betrayed = self._solve(known)
        if betrayed is None:
            return False
        self.hide(min(self._witnesses(betrayed, given_by), key=self._rank.__getitem__))
        return True

    def _follow(self) -> tuple[set[Key], dict[Key, Equation], Collection[Key] | None]:
        """Return what follows sum by sum, from which, and counts that must not, if any do."""
        counts, known = self._counts, set(self.shown)
        given_by: dict[Key, Equation] = {}
        waiting = list(counts.equations)
        while waiting:
            equation = waiting.pop()
            unknown = [key for key in equation if key not in known]
            if not unknown or len({equation[key] > 0 for key in unknown}) > 1:
                continue
            if counts.is_small(unknown):
                return known, dict.fromkeys(unknown, equation) | given_by, unknown
            if len(unknown) == 1 or not any(counts.values[key] for key in unknown):
                for key in unknown:
                    known.add(key)
                    given_by[key] = equation
                    waiting += self._of[key]
        return known, given_by, None

    def _witnesses(
        self, betrayed: Collection[Key], given_by: Mapping[Key, Equation]
    ) -> Iterable[Key]:
        """Return the counts told from which others follow."""
        found: set[Key] = set()
        seen: set[Key] = set(betrayed)
        waiting = list(betrayed)
        while waiting:
            key = waiting.pop()
            for equation in [given_by[key]] if key in given_by else self._of[key]:
                for other in equation.keys() - seen:
                    seen.add(other)
                    if other not in self.shown:
                        waiting.append(other)
                    elif self._counts.values[other]:
                        found.add(other)
        return found

    def _solve(self, known: set[Key]) -> Collection[Key] | None:
        """Return counts that must not follow from all sums together and do, if there are any."""
        left = [
            {key: times for key, times in equation.items() if key not in known}
            for equation in self._counts.equations
        ]
        for group in _connected([equation for equation in left if equation]):
            keys = sorted({key for equation in group for key in equation}, key=repr)
            for row in _reduced(group, keys):
                parts = [keys[n] for n, times in row.items()]
                if set(row.values()) == {1} and self._counts.is_small(parts):
                    return parts
        return None


def _connected(equations: Sequence[Equation]) -> Iterable[list[Equation]]:
    """Yield equations in groups that share no key."""
    groups: dict[Key, int] = {}
    members: dict[int, list[Equation]] = {}
    keys_of: dict[int, set[Key]] = {}
    for number, equation in enumerate(equations):
        met = {groups[key] for key in equation if key in groups}
        members[number], keys_of[number] = [equation], set(equation)
        for other in met:
            members[number] += members.pop(other)
            keys_of[number] |= keys_of.pop(other)
        groups.update(dict.fromkeys(keys_of[number], number))
    return members.values()


def _reduced(equations: Sequence[Equation], keys: Sequence[Key]) -> list[dict[int, int]]:
    """Return the equations solved for as many keys as can be, by the numbers of `keys`."""
    import numpy as np

    at = {key: n for n, key in enumerate(keys)}
    matrix: Any = np.zeros((len(equations), len(keys)), dtype=np.int64)
    for n, equation in enumerate(equations):
        for key, times in equation.items():
            matrix[n, at[key]] = times % PRIME
    done = 0
    for column in range(len(keys)):
        rows = np.nonzero(matrix[done:, column])[0]
        if not len(rows):
            continue
        pivot = done + rows[0]
        matrix[[done, pivot]] = matrix[[pivot, done]]
        inverse = pow(int(matrix[done, column]), -1, PRIME)
        matrix[done] = matrix[done] * inverse % PRIME
        others = np.nonzero(matrix[:, column])[0]
        others = others[others != done]
        own = matrix[others, column][:, None]
        matrix[others] = (matrix[others] - own * matrix[done][None, :] % PRIME) % PRIME
        done += 1
        if done == len(equations):
            break
    return [{int(n): int(row[n]) for n in np.nonzero(row)[0]} for row in matrix[:done]]
