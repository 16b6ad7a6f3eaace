"""A difference of two arms and what it is relative to: one test, from which both intervals come.

For a supposed lift L, `(difference - L |control|)` is divided by its standard error; at L = 0 that
is the t statistic of the difference (Welch's). The interval of the difference and that of the lift
(Fieller 1954) are what this one statistic does not reject, so that they and the p-value agree about
zero. Means, ratios, quantiles, and what is adjusted for the past or by strata all come to this.

Where the control may be zero, the lift has one end or none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from scipy.special import ndtr, ndtri, stdtr, stdtrit

if TYPE_CHECKING:
    from features.statistics.arms import Statistic

ALPHA = 0.05

Alternative = Literal["two-sided", "greater", "less"]
Ends = tuple[float | None, float | None]  # none where an interval has no end


@dataclass(frozen=True)
class Contrast:
    """Treated minus control, and the control that a lift is relative to."""

    difference: float
    control: float
    variance: float  # of the difference; likewise below, squared standard errors
    control_variance: float
    covariance: float  # of the difference and the control
    degrees: float = math.inf  # of freedom
    people: int = 0  # of both arms
    floor: float | None = None  # nothing the statistic can be is below it

    @property
    def standard_error(self) -> float:
        """The standard error of the difference."""
        return math.sqrt(self.variance)

    @property
    def lift(self) -> float | None:
        """The difference relative to the control, whose sign does not count: -10 to -5 is +50 %."""
        return self.difference / abs(self.control) if self.control else None

    @property
    def lift_error(self) -> float:
        """The standard error of the lift by the delta method.

        Raises:
            ValueError: the control is zero.
        """
        if not self.control:
            raise ValueError("relative to a control of zero there is no lift")
        return math.sqrt(max(0.0, self._spread(self.difference / self.control))) / abs(self.control)

    def bound(self, alpha: float = ALPHA) -> float:
        """Return how many standard errors a two-sided test at `alpha` allows."""
        return upper_quantile(alpha / 2, self.degrees)

    def p_value(self, alternative: Alternative = "two-sided") -> float:
        """Return the p-value of no difference."""
        return p_value(self.difference / self.standard_error, self.degrees, alternative)

    def difference_interval(self, bound: float) -> tuple[float, float]:
        """Return the differences that are within `bound` standard errors."""
        half = bound * self.standard_error
        return self.difference - half, self.difference + half

    def lift_interval(self, bound: float) -> Ends:
        """Return the lifts that are within `bound` standard errors; an end may be missing."""
        size, sign = abs(self.control), math.copysign(1, self.control)
        square = bound * bound
        # a L^2 - 2 b L + c <= 0 is not rejected
        a = size * size - square * self.control_variance
        b = self.difference * size - square * self.covariance * sign
        c = self.difference * self.difference - square * self.variance
        root = math.sqrt(max(0.0, self._apart(square)))  # of b^2 - a c, without cancelling
        least = -1.0 if self.floor == 0 else None
        low, high = _roots(a, b, c, root)
        if a > 0:
            return (low if least is None else max(least, low)), high
        if c > 0:  # zero is between the roots: the far side of one of them is left
            return (high, None) if self.difference > 0 else (least, low)
        if least is not None and a + 2 * b + c > 0:  # nor can the treated be at the floor
            return max(least, high), None
        return least, None

    def _apart(self, square: float) -> float:
        both = self.variance * self.control_variance - self.covariance * self.covariance
        scaled = (
            self.control * self.control * self.variance
            - 2 * self.difference * self.control * self.covariance
            + self.difference * self.difference * self.control_variance
        )
        return square * (scaled - square * both)

    def _spread(self, lift: float) -> float:
        """Return the variance of the difference less `lift` times the control."""
        return self.variance - 2 * lift * self.covariance + lift * lift * self.control_variance


def between(treated: Statistic, control: Statistic) -> Contrast:
    """Return the contrast of two independent arms, with Welch's degrees of freedom."""
    return Contrast(
        difference=treated.value - control.value,
        control=control.value,
        variance=treated.variance_of_value + control.variance_of_value,
        control_variance=control.variance_of_value,
        covariance=-control.variance_of_value,
        degrees=degrees((treated.variance_of_value, treated.count), _part(control)),
        people=treated.count + control.count,
        floor=control.floor if treated.floor == control.floor else None,
    )


def _part(arm: Statistic) -> tuple[float, int]:
    return arm.variance_of_value, arm.count


def degrees(*parts: tuple[float, int]) -> float:
    """Return the degrees of freedom of a sum of variances, each of so many people (Welch 1947)."""
    whole = math.fsum(variance for variance, _ in parts)
    below = math.fsum(
        (variance / whole) ** 2 / (count - 1) for variance, count in parts if whole and variance
    )
    return 1 / below if below else math.inf


def upper_quantile(above: float, degrees: float = math.inf) -> float:
    """Return the t that a share of the distribution lies above, however small the share."""
    return -float(ndtri(above) if math.isinf(degrees) else stdtrit(degrees, above))


def p_value(t: float, degrees: float, alternative: Alternative = "two-sided") -> float:
    """Return the p-value of a t statistic."""

    def below(place: float) -> float:
        return float(ndtr(place) if math.isinf(degrees) else stdtr(degrees, place))

    if alternative == "two-sided":
        return 2 * below(-abs(t))
    return below(-t if alternative == "greater" else t)


def _roots(a: float, b: float, c: float, root: float) -> tuple[float, float]:
    """Return where a x^2 - 2 b x + c is zero, the lower first; `root` is that of b^2 - a c."""
    far = b + math.copysign(root, b)
    if not far:
        return 0.0, 0.0
    low, high = sorted((far / a if a else math.copysign(math.inf, far), c / far))
    return low, high
