"""Readings of what has a planned end: how far an effect must stand out at each look on the way.

The chance of a false alarm is spent as information comes in, so that all looks together have
`alpha` (Lan and DeMets 1983). The bounds come from the density of the score of those who were not
stopped yet, carried from look to look (Armitage, McPherson and Rowe 1969).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from features.statistics.contrast import ALPHA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Spending = Literal["square", "obrien-fleming"]  # alpha t^2, or 2 (1 - Phi(z / sqrt t))

GROWTH_MIN = 1e-3  # of the information since the last look: with less there is nothing new

_NODES = 16  # of each panel
_PANEL = 3.0  # its width, in standard deviations of what comes until the next look
_REACH = 8.0  # standard errors beyond which nothing is
_LEAST = 1e-300  # a chance as small is none
_FAR = 38.0  # no float is as small as the chance beyond


@dataclass(frozen=True)
class Look:
    """One look at the data."""

    information: float  # the share of the planned
    spent: float  # of alpha, up to this look
    bound: float  # standard errors from zero that are an effect; infinite if nothing may be spent
    nominal_alpha: float  # the level of the ordinary test at that bound


def information(seen: Sequence[float], planned: float) -> tuple[float, ...]:
    """Return the share of the information at each look, by people seen of those planned.

    If there come more than planned, what has come is the whole.
    """
    if planned <= 0 or any(later < sooner for sooner, later in pairwise(seen)):
        raise ValueError(f"people seen {list(seen)} of {planned} planned must grow from 0 on")
    whole = max(planned, *seen)
    return tuple(one / whole for one in seen)


def spent(share: float, alpha: float = ALPHA, spending: Spending = "square") -> float:
    """Return what of alpha is spent at a share of the information."""
    if share <= 0:
        return 0.0
    if spending == "square":
        return alpha * min(1.0, share) ** 2
    return float(2 * ndtr(ndtri(alpha / 2) / math.sqrt(min(1.0, share))))


def looks(
    shares: Sequence[float],
    alpha: float = ALPHA,
    spending: Spending = "square",
    *,
    one_sided: bool = False,
    seen: Sequence[float] | None = None,
) -> tuple[Look, ...]:
    """Return the bounds of looks at growing shares of the information.

    Args:
        shares: of the planned information, each above 0 and none below the one before.
        alpha: of all looks together, on both sides unless `one_sided`.
        spending: how alpha is spent.
        one_sided: whether only a rise counts.
        seen: the information at each look in any unit, such as conversions, where `shares` are of
            the planned time: how much is left to come need not be known.
    """
    times = tuple(shares if seen is None else seen)
    return _looks(tuple(shares), times, alpha, spending, 1 if one_sided else 2)


@lru_cache(maxsize=256)
def _looks(
    shares: tuple[float, ...],
    times: tuple[float, ...],
    alpha: float,
    spending: Spending,
    sides: int,
) -> tuple[Look, ...]:
    found: list[Look] = []
    before = _Carried(np.zeros(1), np.ones(1), 0.0)
    gone = last = 0.0
    for share, time in zip(shares, times, strict=True):
        if min(share, time) <= 0 or time < last:
            raise ValueError(f"information {list(times)} must grow from above 0 on")
        last = time
        if found and time < before.time * (1 + GROWTH_MIN):
            # Nothing new to judge: what may be spent is left for later.
            found.append(replace(found[-1], information=share))
            continue
        until = max(gone, spent(share, alpha, spending))
        bound = before.bound(time, (until - gone) / sides)
        gone = until
        found.append(Look(share, gone, bound, float(sides * ndtr(-bound))))
        later = next((one for one in times if one >= time * (1 + GROWTH_MIN)), 2 * time)
        before = before.carried(time, bound, later, one_sided=sides == 1)
    return tuple(found)


@dataclass(frozen=True)
class _Carried:
    """The density of the score of those not stopped: places, and the mass about each."""

    places: Floats
    mass: Floats
    time: float  # the variance of the score

    def bound(self, time: float, chance: float) -> float:
        """Return the bound that is passed with `chance` at `time`, by those not stopped."""
        if chance < _LEAST:
            return math.inf
        step, root = math.sqrt(time - self.time), math.sqrt(time)

        def passed(bound: float) -> float:
            beyond = ndtr((self.places - bound * root) / step) @ self.mass
            return math.log(max(float(beyond), _LEAST / 10)) - math.log(chance)

        return float(brentq(passed, -_REACH, _FAR, xtol=1e-10)) if passed(_FAR) < 0 else math.inf

    def carried(self, time: float, bound: float, later: float, *, one_sided: bool) -> _Carried:
        """Return the density at `time` of those within the bound, as fine as `later` needs it."""
        step, root = math.sqrt(time - self.time), math.sqrt(time)
        most = min(bound, _REACH) * root
        least = -_REACH * root if one_sided else -most
        fine = _PANEL * min(step, math.sqrt(later - time))
        panels = max(1, math.ceil((most - least) / fine))
        nodes, weights = np.polynomial.legendre.leggauss(_NODES)
        half = (most - least) / panels / 2
        middles = least + half * (2 * np.arange(panels) + 1)
        places = (middles[:, None] + half * nodes).ravel()
        widths = np.tile(half * weights, panels)
        near = (places[:, None] - self.places) / step
        density = np.exp(-near * near / 2) @ self.mass / (step * math.sqrt(2 * math.pi))
        return _Carried(places, density * widths, time)
