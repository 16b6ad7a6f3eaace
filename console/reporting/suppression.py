"""Which counts must not be told, so that no small one is and none follows from the others.

A count follows where sums leave one unknown, or where they add up to one: both are looked for, sum
by sum and in all sums together, and the smallest count that gives something away is hidden, until
nothing is. What zero people are in is always told: nobody is in it. Then a small count must not be
known within a few people either (`console/reporting/narrow.py`).
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from console.reporting.narrow import narrow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from console.reporting.counts import Counts, Equation, Key

PRIME = 2**31 - 1  # equations are solved in numbers up to it, where nothing is rounded


def suppress(counts: Counts) -> set[Key]:
    """Return what of the counts may be told."""
    left = _Left(counts)
    for key in [key for key in counts.shown if counts.is_small([key])]:
        left.hide(key)
    while left.hide_one() or left.hide_what_narrows():
        pass
    return left.shown


def follows(counts: Counts, told: set[Key]) -> set[Key]:
    """Return what follows sum by sum from what is told, with that itself."""
    left = _Left(counts)
    left.shown = told
    return left.follow()


class _Left:
    """What is still told."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self.shown = counts.shown | counts.elsewhere
        self._borne: set[frozenset[Key]] = set()  # follow from what other reports tell anyway
        self._of: dict[Key, list[Equation]] = defaultdict(list)
        totals: dict[Key, int] = defaultdict(int)
        for equation in counts.equations:
            for key, times in equation.items():
                self._of[key].append(equation)
                totals[key] += times < 0
        self._rank = {
            key: (key in counts.kept, totals[key], value, repr(key))
            for key, value in counts.values.items()
        }

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
        self._hide_cheapest(betrayed, self._witnesses(betrayed, given_by))
        return True

    def hide_what_narrows(self) -> bool:
        """Hide what leaves a small count too few possibilities; return whether anything did."""
        found = narrow(self._counts, self.shown, self._borne)
        if found is None:
            return False
        self._hide_cheapest([found.key], found.witnesses)
        return True

    def follow(self) -> set[Key]:
        """Return what follows sum by sum, small or not."""
        self._borne = {frozenset([key]) for key in self._counts.values}
        return self._follow()[0]

    def _hide_cheapest(self, betrayed: Collection[Key], witnesses: Iterable[Key]) -> None:
        own = [key for key in witnesses if key not in self._counts.elsewhere]
        if own:
            self.hide(min(own, key=self._rank.__getitem__))
        else:
            self._borne.add(frozenset(betrayed))

    def _is_small(self, keys: Collection[Key]) -> bool:
        return self._counts.is_small(keys) and frozenset(keys) not in self._borne

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
            if self._is_small(unknown):
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
                if set(row.values()) == {1} and self._is_small(parts):
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
