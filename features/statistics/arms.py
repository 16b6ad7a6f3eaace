"""Statistics of one arm, from sums: a `Proportion` of its people, or a `Mean` per person."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Proportion:
    """People of an arm who did something, each counted once."""

    successes: int
    trials: int

    def __post_init__(self) -> None:
        """Refuse impossible counts."""
        if not 0 <= self.successes <= self.trials or self.trials < 1:
            raise ValueError(f"{self.successes} of {self.trials} people is not a proportion")

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

    def __post_init__(self) -> None:
        """Refuse an arm too small to have a variance, and a sum that no such quantity can have."""
        if self.count < 2:  # noqa: PLR2004 - a sample variance needs two
            raise ValueError(
                f"a mean of {self.count} people has no variance; at least two are needed"
            )
        if self.total < 0:
            raise ValueError(f"{self.total} is not a sum of quantities that are never below zero")

    @property
    def value(self) -> float:
        """The mean per person."""
        return self.total / self.count

    @property
    def variance(self) -> float:
        """The sample variance, with n - 1."""
        n = self.count
        return max(0.0, (n * self.total_of_squares - self.total * self.total) / (n * (n - 1)))

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
