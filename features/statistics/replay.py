"""Reach by budget: what people saw in the past, thinned to a plan, and Goerg's curve beyond it.

Each past exposure is delivered again with one chance, the plan's, and a cap leaves out what is over
it. Nothing is drawn at random: expected people are computed from the distribution of each person.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq
from scipy.special import bdtr
from scipy.stats import binom

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Counts = NDArray[np.int64]

TIMES_MAX = 10  # k+ reach is told up to this
CLOSE = 1e-9  # of what is solved for, relative


@dataclass(frozen=True)
class Point:
    """What so many impressions are expected to do."""

    impressions: float  # delivered; fewer than planned where no more can be
    plus: tuple[float, ...]  # people reached at least 1 to 10 times
    is_beyond: bool  # the past has fewer impressions, so this is Goerg's curve


class Past:
    """How often people were reached, in each of the windows that a cap counts in.

    Args:
        seen: a row per pattern, of exposures by window; windows without any are 0.
        people: how many have each pattern.
    """

    def __init__(self, seen: Sequence[Sequence[int]], people: Sequence[int]) -> None:
        width = max((len(row) for row in seen), default=0)
        self._seen: Counts = np.zeros((len(seen), max(width, 1)), dtype=np.int64)
        for at, row in enumerate(seen):
            self._seen[at, : len(row)] = row
        self._people: Floats = np.asarray(people, dtype=float)
        weights = np.repeat(self._people, self._seen.shape[1])
        self._often: Counts = np.unique(self._seen)
        places = np.searchsorted(self._often, self._seen.ravel())
        counts = np.bincount(places, weights=weights, minlength=len(self._often))
        self._windows: Floats = counts.astype(float)

    @cached_property
    def reach(self) -> float:
        """People with any exposure."""
        return float(self._people[self._seen.any(axis=1)].sum())

    @cached_property
    def impressions(self) -> float:
        """All exposures."""
        return float((self._often * self._windows).sum())

    def delivered(self, rate: float, cap: int | None) -> float:
        """Return the expected impressions when each exposure is delivered with chance `rate`."""
        if cap is None:
            return rate * self.impressions
        most = min(cap, int(self._often.max(initial=0)))
        more = [1 - bdtr(k - 1, self._often, rate) for k in range(1, most + 1)]
        often = np.where(self._often >= np.arange(1, most + 1)[:, None], np.array(more), 0.0)
        return float((often.sum(axis=0) * self._windows).sum()) if most else 0.0

    def rate(self, impressions: float, cap: int | None) -> float | None:
        """Return the chance that delivers so many impressions; none when all are too few."""
        most = self.delivered(1.0, cap)
        if impressions > most * (1 + CLOSE):
            return None
        if impressions >= most:
            return 1.0
        return float(
            brentq(lambda rate: self.delivered(rate, cap) - impressions, 0.0, 1.0, xtol=1e-15)
        )

    def plus(self, rate: float, cap: int | None) -> tuple[float, ...]:
        """Return the people expected to be reached at least 1 to 10 times."""
        times = np.zeros((len(self._people), TIMES_MAX + 1))
        times[:, 0] = 1.0
        chances = self._times(rate, cap)
        for window in range(self._seen.shape[1]):
            own = chances[np.searchsorted(self._often, self._seen[:, window])]
            times = _added(times, own)
        exactly = self._people @ times
        return tuple(float(exactly[k:].sum()) for k in range(1, TIMES_MAX + 1))

    def _times(self, rate: float, cap: int | None) -> Floats:
        """Return for each number of exposures the chance of 0 to 10 or more delivered."""
        top = TIMES_MAX if cap is None else min(cap, TIMES_MAX)
        found = np.zeros((len(self._often), TIMES_MAX + 1))
        for k in range(top):
            found[:, k] = binom.pmf(k, self._often, rate)
        found[:, top] = binom.sf(top - 1, self._often, rate)
        return found


def _added(times: Floats, own: Floats) -> Floats:
    """Return the distribution of a sum; 10 stands for ten or more."""
    both = np.zeros_like(times)
    for k in range(TIMES_MAX + 1):
        both[:, k:TIMES_MAX] += times[:, k : k + 1] * own[:, : TIMES_MAX - k]
        both[:, TIMES_MAX] += times[:, k] * own[:, TIMES_MAX - k :].sum(axis=1)
    return both


@dataclass(frozen=True)
class Goerg:
    """Reach by impressions from one point of it (Goerg 2014); people who were never met exist too.

    Attributes:
        most: people whom any number of impressions would reach; infinite when nobody was met twice.
    """

    most: float

    @classmethod
    def through(cls, impressions: float, reach: float) -> Goerg:
        """Return the curve through one point."""
        more = impressions - reach
        return cls(impressions * reach / more if more > 0 else np.inf)

    def plus(self, impressions: float, k: int = 1) -> float:
        """Return the people reached at least `k` times."""
        if not np.isfinite(self.most):
            return impressions if k == 1 else 0.0
        whole = impressions + self.most
        return self.most * (impressions / whole) ** k if whole else 0.0

    def delivered(self, impressions: float, cap: int | None) -> float:
        """Return how many of so many impressions a cap leaves."""
        if cap is None or not np.isfinite(self.most):
            return impressions
        share = impressions / (impressions + self.most) if impressions else 0.0
        return impressions * (1 - share**cap)

    def before_cap(self, delivered: float, cap: int | None) -> float | None:
        """Return the impressions of which a cap leaves so many; none when it never does."""
        if cap is None or not np.isfinite(self.most):
            return delivered
        if delivered >= self.most * cap * (1 - CLOSE):
            return None
        high = max(delivered, 1.0)
        while self.delivered(high, cap) < delivered:
            high *= 2
        return float(brentq(lambda x: self.delivered(x, cap) - delivered, 0.0, high))


def expected(past: Past, impressions: float, cap: int | None, people: int, windows: int) -> Point:
    """Return what so many impressions are expected to do.

    Args:
        past: of the people who may be reached.
        impressions: that are bought.
        cap: the most that a person gets in a window; none for no limit.
        people: who may be reached, those of no past included.
        windows: of the plan, in each of which the cap holds.
    """
    if impressions <= 0 or past.impressions == 0:
        return Point(0.0, (0.0,) * TIMES_MAX, is_beyond=impressions > 0)
    rate = past.rate(impressions, cap)
    if rate is not None:
        return Point(float(impressions), past.plus(rate, cap), is_beyond=False)
    edge, last = past.delivered(1.0, cap), past.plus(1.0, cap)
    curve = Goerg.through(past.impressions, past.reach)
    most = None if cap is None else cap * windows
    # Where the data end, curve and data are joined: the cap has left `edge` of all that there is.
    start = curve.delivered(past.impressions, most)
    wanted = curve.before_cap(start + impressions - edge, most)
    if wanted is None:  # all whom the curve knows have as much as the cap allows
        met = min(curve.most, float(people))
        plus = [met if k <= (most or 0) else 0.0 for k in range(1, TIMES_MAX + 1)]
        room = max(edge, min(float(impressions), met * (most or 0)))
        return Point(room, _grown(plus, last, people), is_beyond=True)
    plus = [
        0.0 if most is not None and k > most else curve.plus(wanted, k)
        for k in range(1, TIMES_MAX + 1)
    ]
    return Point(float(impressions), _grown(plus, last, people), is_beyond=True)


def _grown(plus: Sequence[float], last: Sequence[float], people: int) -> tuple[float, ...]:
    """Return k+ reach that is nowhere less than where the data end, nor more than there are."""
    return tuple(min(max(pair), float(people)) for pair in zip(plus, last, strict=True))
