"""How often an experiment of known size finds a rise, by the test that its effect is read with.

`Rates` are read by the score test, whose error is that of equal rates (pooled) while what is found
varies by each arm's own rate: Fleiss, Levin and Paik (2003), 4.14, without continuity correction.
`Means` are read by Welch's t test; the treated are taken to vary in proportion to their mean, which
is what comes of every value being larger by the lift. If more people bring as much as others do
now, the treated vary less and a rise is found more often than is said.

`widening` is how much wider than a single look's the intervals of a sequential reading are at its
end: it moves the bound that is to be passed, not how far results scatter. Only what is found on the
side of the rise counts. The smallest counts are read by exact tests, which find a little less.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scipy.optimize import brentq
from scipy.special import ndtr

from features.statistics.contrast import ALPHA, degrees, upper_quantile

if TYPE_CHECKING:
    from features.statistics.arms import Statistic

POWER = 0.8
LIFT_MAX = 1_000.0  # of a mean: what is not found at a thousand times as much never is


@dataclass(frozen=True)
class Rates:
    """Two arms of people who do something, at the rate `base` without the effect."""

    base: float  # above 0 and below 1
    treated: int
    control: int

    @property
    def most(self) -> float:
        """The largest rise there can be: everybody does it."""
        return 1 - self.base

    def chance(self, rise: float, alpha: float, widening: float) -> float:
        """Return the chance that the test at `alpha` finds `rise`."""
        rate = self.base + rise
        n_1, n_0 = self.treated, self.control
        pooled = (n_1 * rate + n_0 * self.base) / (n_1 + n_0)
        alike = math.sqrt(pooled * (1 - pooled) * (1 / n_1 + 1 / n_0))
        apart = math.sqrt(rate * (1 - rate) / n_1 + self.base * (1 - self.base) / n_0)
        bound = upper_quantile(alpha / 2) * widening
        return float(ndtr((rise - bound * alike) / apart))


@dataclass(frozen=True)
class Means:
    """Two arms of people with a mean (or a ratio of sums) and its variance per person."""

    mean: float  # above 0
    variance: float
    treated: int
    control: int

    @classmethod
    def like(cls, past: Statistic, treated: int, control: int) -> Means:
        """Return arms of which each person varies as those of `past` do."""
        return cls(past.value, past.variance_of_value * past.count, treated, control)

    @property
    def most(self) -> float:
        """The largest rise that is looked for."""
        return LIFT_MAX * self.mean

    def chance(self, rise: float, alpha: float, widening: float) -> float:
        """Return the chance that the test at `alpha` finds `rise`."""
        more = (1 + rise / self.mean) ** 2
        parts = more * self.variance / self.treated, self.variance / self.control
        freedom = degrees((parts[0], self.treated), (parts[1], self.control))
        bound = upper_quantile(alpha / 2, freedom) * widening
        return float(ndtr(rise / math.sqrt(sum(parts)) - bound))


def power(arms: Rates | Means, rise: float, alpha: float = ALPHA, widening: float = 1.0) -> float:
    """Return the chance that `rise`, or the largest there can be if it is larger, is found."""
    return arms.chance(min(rise, arms.most), alpha, widening)


def smallest_rise(
    arms: Rates | Means, target: float = POWER, alpha: float = ALPHA, widening: float = 1.0
) -> float | None:
    """Return the smallest rise that is found with power `target`; none if no rise is."""

    def lacks(rise: float) -> float:
        return target - arms.chance(rise, alpha, widening)

    if lacks(arms.most) >= 0:
        return None
    return float(brentq(lacks, 0.0, arms.most, xtol=1e-12 * arms.most))
