"""Statistics of one arm, from sums: a `Proportion`, a `Mean`, a `Ratio` or a `Quantile` of people.

Whatever has a value, its variance and the people behind it is a `Statistic` and can be compared.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Protocol

CARRIERS_MIN = 10  # a mean's sum must rest on this many people
Z_QUANTILE = 1.96  # a sample quantile's bounds are this many standard errors from it


class Statistic(Protocol):
    """One arm's statistic and how sure it is."""

    floor: ClassVar[float | None]  # nothing the statistic can be is below it; none if anything

    @property
    def value(self) -> float:
        """The statistic."""

    @property
    def variance_of_value(self) -> float:
        """Its squared standard error."""

    @property
    def count(self) -> int:
        """The people (or whatever else was randomised) behind it."""


def covariance(count: int, total: float, other: float, product: float) -> float:
    """Return the sample covariance of two quantities, with n - 1, from their sums.

    Sums of integers lose nothing.
    """
    return (count * product - total * other) / (count * (count - 1))


def _check_finite(*sums: float) -> None:
    for one in sums:
        if not math.isfinite(one):
            raise ValueError(f"{one} is not a number; leave out what has no value before summing")


def _check_count(count: int) -> None:
    if count < 2:  # noqa: PLR2004 - a sample variance needs two
        raise ValueError(f"a mean of {count} people has no variance; at least two are needed")


@dataclass(frozen=True)
class Proportion:
    """People of an arm who did something, each counted once."""

    successes: int
    trials: int
    floor: ClassVar[float | None] = 0.0

    def __post_init__(self) -> None:
        """Refuse impossible counts."""
        if not 0 <= self.successes <= self.trials or self.trials < 1:
            raise ValueError(f"{self.successes} of {self.trials} people is not a proportion")

    @property
    def count(self) -> int:
        """The people of the arm."""
        return self.trials

    @property
    def value(self) -> float:
        """The rate, between 0 and 1."""
        return self.successes / self.trials

    @property
    def variance_of_value(self) -> float:
        """The squared standard error of the rate (p (1 - p) / n)."""
        return self.value * (1 - self.value) / self.trials


@dataclass(frozen=True)
class Mean:
    """A quantity per person of an arm, never below zero: everyone counts, many with zero."""

    count: int
    total: float  # sums of integers stay integers, and then the variance loses nothing
    total_of_squares: float
    floor: ClassVar[float | None] = 0.0

    def __post_init__(self) -> None:
        """Refuse an arm too small to have a variance, and a sum that no such quantity can have."""
        _check_count(self.count)
        _check_finite(self.total, self.total_of_squares)
        if self.total < 0:
            raise ValueError(f"{self.total} is not a sum of quantities that are never below zero")

    @property
    def value(self) -> float:
        """The mean per person."""
        return self.total / self.count

    @property
    def variance(self) -> float:
        """The sample variance, with n - 1."""
        return max(0.0, covariance(self.count, self.total, self.total, self.total_of_squares))

    @property
    def variance_of_value(self) -> float:
        """The squared standard error of the mean."""
        return self.variance / self.count

    @property
    def carriers(self) -> float:
        """The effective number of people behind the sum, as if each had brought the same (Kish)."""
        if not self.total:
            return 0.0
        return self.total * self.total / self.total_of_squares


@dataclass(frozen=True)
class Estimate:
    """Any statistic whose standard error is known, above or below zero."""

    value: float
    variance_of_value: float
    count: int
    floor: ClassVar[float | None] = None

    def __post_init__(self) -> None:
        """Refuse what is not a number."""
        _check_finite(self.value, self.variance_of_value)


@dataclass(frozen=True)
class Ratio:
    """A sum over another of the same people, such as revenue per order, by the delta method.

    People were randomised, not orders, so it is people whose spread counts.
    """

    count: int
    total: float  # of the numerator
    total_of_squares: float
    base: float  # the denominator's sum, above zero
    base_of_squares: float
    product: float  # the sum of numerator x denominator
    floor: ClassVar[float | None] = None

    def __post_init__(self) -> None:
        """Refuse an arm too small to have a variance, and a denominator of nothing."""
        _check_count(self.count)
        _check_finite(
            *(self.total, self.total_of_squares, self.base, self.base_of_squares, self.product)
        )
        if self.base <= 0:
            raise ValueError(f"a ratio to {self.base} has no value; its base must be above zero")

    @property
    def value(self) -> float:
        """The ratio of the sums."""
        return self.total / self.base

    @property
    def carriers(self) -> float:
        """The effective number of people behind the base, as if each had brought the same."""
        return self.base * self.base / self.base_of_squares

    @property
    def variance(self) -> float:
        """The variance per person."""
        n, ratio = self.count, self.value
        spread = (
            covariance(n, self.total, self.total, self.total_of_squares)
            - 2 * ratio * covariance(n, self.total, self.base, self.product)
            + ratio * ratio * covariance(n, self.base, self.base, self.base_of_squares)
        )
        return max(0.0, spread) * (n / self.base) ** 2

    @property
    def variance_of_value(self) -> float:
        """The squared standard error of the ratio."""
        return self.variance / self.count


@dataclass(frozen=True)
class Quantile:
    """A quantile of people's values, or of their events' when `below` is given.

    `low` and `high` are the sample quantiles at the levels that `quantile_levels` gives: how far
    they are apart is how sure the quantile is, whatever the distribution.
    """

    level: float  # between 0 and 1
    observations: int  # values the quantile is of
    low: float
    value: float
    high: float
    below: Ratio | None = None  # of each person's events, those below the quantile
    floor: ClassVar[float | None] = None

    def __post_init__(self) -> None:
        """Refuse what is not a number."""
        _check_finite(self.low, self.value, self.high)

    @property
    def count(self) -> int:
        """The people behind it."""
        return self.below.count if self.below else self.observations

    @property
    def variance_of_value(self) -> float:
        """The squared standard error, wider where a person's events are alike."""
        n, width = self.observations, (self.high - self.low) / (2 * Z_QUANTILE)
        plain = width * width * (n - 1) / n
        if self.below is None:
            return plain
        return plain * self.below.variance_of_value / (self.level * (1 - self.level) / n)

    @property
    def lacks_people(self) -> bool:
        """Whether too few are on one side of the quantile, or all about it are alike."""
        odds = self.level / (1 - self.level)
        least = Z_QUANTILE * Z_QUANTILE * max(odds, 1 / odds)
        return self.observations <= least or self.low == self.high


def quantile_levels(level: float, observations: int) -> tuple[float, float, float]:
    """Return the levels at which a `Quantile`'s low, value and high are to be taken.

    One query of `quantilesExact` gives all three.
    """
    half = Z_QUANTILE * math.sqrt(level * (1 - level) / observations)
    return max(0.0, level - half), level, min(1.0, level + half)
