"""Effects adjusted for what people did before (CUPED: Deng, Xu, Kohavi and Walker 2013).

What was before assignment cannot be an effect. `theta` times its chance difference between the arms
is taken off the effect, and with it the share of the variance that the past explains. A lift stays
relative to the control as it was, not as adjusted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from features.statistics.arms import covariance
from features.statistics.contrast import Contrast, degrees


class WithPast(Protocol):
    """An arm's statistic and the same before assignment, and their variances per person."""

    @property
    def count(self) -> int:
        """The people of the arm."""

    @property
    def value(self) -> float:
        """The statistic."""

    @property
    def past(self) -> float:
        """The same before."""

    @property
    def variance(self) -> float:
        """The statistic's variance per person."""

    @property
    def past_variance(self) -> float:
        """That of the past."""

    @property
    def covariance(self) -> float:
        """Theirs per person."""


@dataclass(frozen=True)
class MeanWithPast:
    """A quantity per person and what the same people had of it (or of anything) before."""

    count: int
    total: float
    total_of_squares: float
    past_total: float
    past_of_squares: float
    product: float  # the sum of quantity x past

    @property
    def value(self) -> float:
        """The mean per person."""
        return self.total / self.count

    @property
    def past(self) -> float:
        """The mean before."""
        return self.past_total / self.count

    @property
    def variance(self) -> float:
        """The sample variance."""
        return covariance(self.count, self.total, self.total, self.total_of_squares)

    @property
    def past_variance(self) -> float:
        """The sample variance of the past."""
        return covariance(self.count, self.past_total, self.past_total, self.past_of_squares)

    @property
    def covariance(self) -> float:
        """The sample covariance."""
        return covariance(self.count, self.total, self.past_total, self.product)


@dataclass(frozen=True)
class RatioWithPast:
    """A ratio of sums and the same ratio before, by the delta method on all four sums."""

    count: int
    total: float  # the numerator's sum
    base: float  # the denominator's; likewise below
    past_total: float
    past_base: float
    total_of_squares: float
    base_of_squares: float
    past_of_squares: float
    past_base_of_squares: float
    total_base: float  # sums of products
    total_past: float
    total_past_base: float
    base_past: float
    base_past_base: float
    past_past_base: float

    @property
    def value(self) -> float:
        """The ratio."""
        return self.total / self.base

    @property
    def past(self) -> float:
        """The ratio before."""
        return self.past_total / self.past_base

    @property
    def variance(self) -> float:
        """The variance of the ratio per person."""
        a, b, r = self.total, self.base, self.value
        return (
            self._of(a, a, self.total_of_squares)
            - 2 * r * self._of(a, b, self.total_base)
            + r * r * self._of(b, b, self.base_of_squares)
        ) / (b / self.count) ** 2

    @property
    def past_variance(self) -> float:
        """That of the ratio before."""
        a, b, r = self.past_total, self.past_base, self.past
        return (
            self._of(a, a, self.past_of_squares)
            - 2 * r * self._of(a, b, self.past_past_base)
            + r * r * self._of(b, b, self.past_base_of_squares)
        ) / (b / self.count) ** 2

    @property
    def covariance(self) -> float:
        """Theirs per person."""
        m, d, r = self.total, self.base, self.value
        p, q, s = self.past_total, self.past_base, self.past
        return (
            self._of(m, p, self.total_past)
            - s * self._of(m, q, self.total_past_base)
            - r * self._of(d, p, self.base_past)
            + r * s * self._of(d, q, self.base_past_base)
        ) / (d / self.count * q / self.count)

    def _of(self, total: float, other: float, product: float) -> float:
        return covariance(self.count, total, other, product)


@dataclass(frozen=True)
class Adjusted:
    """An effect less what the past explains of it."""

    contrast: Contrast
    theta: float
    variance_saved: float  # the share of the difference's variance, 0 to 1


def best_theta(treated: WithPast, control: WithPast) -> float:
    """Return the slope on the past, pooled over the arms; 0 where the past has no spread."""
    spread = _pooled(treated, control, "past_variance")
    return _pooled(treated, control, "covariance") / spread if spread else 0.0


def adjust(treated: WithPast, control: WithPast, theta: float | None = None) -> Adjusted:
    """Return the effect adjusted for the past.

    Args:
        treated: of the treated arm.
        control: of the control arm.
        theta: the slope, if it is not to be the pooled one.
    """
    slope = best_theta(treated, control) if theta is None else theta
    parts = [_adjusted_variance(arm, slope) / arm.count for arm in (treated, control)]
    plain = treated.variance / treated.count + control.variance / control.count
    shared = (control.variance - slope * control.covariance) / control.count
    return Adjusted(
        contrast=Contrast(
            difference=treated.value - control.value - slope * (treated.past - control.past),
            control=control.value,
            variance=sum(parts),
            control_variance=control.variance / control.count,
            covariance=-shared,
            degrees=degrees((parts[0], treated.count), (parts[1], control.count)),
            people=treated.count + control.count,
        ),
        theta=slope,
        variance_saved=1 - sum(parts) / plain if plain else 0.0,
    )


def _pooled(treated: WithPast, control: WithPast, what: str) -> float:
    return sum(float(getattr(arm, what)) * (arm.count - 1) for arm in (treated, control))


def _adjusted_variance(arm: WithPast, theta: float) -> float:
    past = theta * theta * arm.past_variance
    return max(0.0, arm.variance + past - 2 * theta * arm.covariance)
