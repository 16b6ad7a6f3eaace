"""Readings of what has a planned end: how far an effect must stand out at each look on the way.

The chance of a false alarm is spent as information comes in, so that all looks together have
`alpha` (Lan and DeMets 1983). The bounds come from the density of the score of those who were not
stopped yet, carried from look to look (Armitage, McPherson and Rowe 1969).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
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

NODES = 16  # of each panel
PANELS_MAX = 100
_REACH = 9.0  # standard errors beyond which nothing is
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
) -> tuple[Look, ...]:
    """Return the bounds of looks at growing shares of the information.

    Args:
        shares: of the planned information, each above 0 and none below the one before.
        alpha: of all looks together, on both sides unless `one_sided`.
        spending: how alpha is spent.
        one_sided: whether only a rise counts.
    """
    return _looks(tuple(shares), alpha, spending, 1 if one_sided else 2)


@lru_cache(maxsize=256)
def _looks(
    shares: tuple[float, ...], alpha: float, spending: Spending, sides: int
) -> tuple[Look, ...]:
    found: list[Look] = []
    before = _Carried(np.zeros(1), np.ones(1), 0.0)
    gone = 0.0
    for share in shares:
        if share <= 0 or share < before.time:
            raise ValueError(f"shares of the information {list(shares)} must grow from 0 on")
        until = spent(share, alpha, spending)
        step = max(0.0, until - gone) / sides
        gone = max(gone, until)
        bound = before.bound(share, step)
        nominal = float(sides * ndtr(-bound))
        found.append(Look(share, gone, bound, nominal))
        before = before.carried(share, bound, one_sided=sides == 1)
    return tuple(found)


@dataclass(frozen=True)
class _Carried:
    """The density of the score of those not stopped: places, and the mass about each."""

    places: Floats
    mass: Floats
    time: float  # the variance of the score

    def bound(self, time: float, chance: float) -> float:
        """Return the bound that is passed with `chance` at `time`, by those not stopped."""
        if chance < _LEAST or time == self.time:
            return math.inf
        step, root = math.sqrt(time - self.time), math.sqrt(time)

        def passed(bound: float) -> float:
            beyond = ndtr((self.places - bound * root) / step) @ self.mass
            return math.log(max(float(beyond), _LEAST / 10)) - math.log(chance)

        return float(brentq(passed, -_REACH, _FAR, xtol=1e-10)) if passed(_FAR) < 0 else math.inf

    def carried(self, time: float, bound: float, *, one_sided: bool) -> _Carried:
        """Return the density at `time` of those within the bound."""
        if time == self.time:
            return self
        step, root = math.sqrt(time - self.time), math.sqrt(time)
        most = min(bound, _REACH) * root
        least = -_REACH * root if one_sided else -most
        panels = max(1, min(PANELS_MAX, math.ceil((most - least) / (2 * step))))
        nodes, weights = np.polynomial.legendre.leggauss(NODES)
        half = (most - least) / panels / 2
        middles = least + half * (2 * np.arange(panels) + 1)
        places = (middles[:, None] + half * nodes).ravel()
        widths = np.tile(half * weights, panels)
        near = (places[:, None] - self.places) / step
        density = np.exp(-near * near / 2) @ self.mass / (step * math.sqrt(2 * math.pi))
        return _Carried(places, density * widths, time)
