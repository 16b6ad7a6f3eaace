"""What a randomised comparison says: SQL returns sums, these frozen dataclasses compute.

A statistic describes one arm (`Proportion` of people, or `Mean` a person). `compare` sets a treated
arm against the control arm. Methods, each named in `Difference.method`:

- rates: Newcombe's hybrid score interval of the difference (his method 10: two Wilson intervals,
  no continuity correction) and the pooled two-proportion z-test;
- means: Welch's interval and t-test with the Welch-Satterthwaite degrees of freedom;
- relative lift: treated / control - 1, with the delta method's interval on the ratio.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scipy.special import chdtrc, ndtr, ndtri, stdtr, stdtrit

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIDENCE = 0.95
SAMPLE_RATIO_P_MIN = 0.001  # below it the split is not the one that was drawn

SCORE = "Newcombe score interval, pooled z-test, delta method for relative lift"
WELCH = "Welch t interval and test, delta method for relative lift"

_UPPER = (1 + CONFIDENCE) / 2  # the quantile of a two-sided interval
_Z = float(ndtri(_UPPER))


@dataclass(frozen=True)
class Proportion:
    """People of an arm who did something, each counted once."""

    successes: int
    trials: int

    def __post_init__(self) -> None:
        """Refuse counts that are none."""
        if not 0 <= self.successes <= self.trials or self.trials < 1:
            raise ValueError(f"{self.successes} of {self.trials} people is no proportion")

    @property
    def value(self) -> float:
        """The rate, between 0 and 1."""
        return self.successes / self.trials

    @property
    def variance_of_value(self) -> float:
        """The squared standard error of the rate (p (1 - p) / n)."""
        return self.value * (1 - self.value) / self.trials

    def wilson(self) -> tuple[float, float]:
        """Return Wilson's score interval of the rate."""
        n, p, z2 = self.trials, self.value, _Z * _Z
        middle = (p + z2 / (2 * n)) / (1 + z2 / n)
        half = _Z / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
        # The exact bounds at 0 and n; rounding would put them a hair beside the rate.
        low = 0.0 if self.successes == 0 else middle - half
        high = 1.0 if self.successes == n else middle + half
        return low, high


@dataclass(frozen=True)
class Mean:
    """A quantity a person of an arm: everyone counts, most perhaps with zero."""

    count: int
    total: float  # sums of integers stay integers, and then the variance loses nothing
    total_of_squares: float

    def __post_init__(self) -> None:
        """Refuse an arm too small to have a variance."""
        if self.count < 2:  # noqa: PLR2004 - a sample variance needs two
            raise ValueError(f"a mean of {self.count} people has no variance; two are needed")

    @property
    def value(self) -> float:
        """The mean a person."""
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


@dataclass(frozen=True)
class Difference:
    """Treated minus control, in the statistic's own unit, with a 95 % interval."""

    treated: float
    control: float
    value: float
    standard_error: float  # unpooled
    low: float
    high: float
    p_value: float  # two-sided, that there is no difference
    relative: float | None  # value / control; none where the control is zero
    relative_low: float | None
    relative_high: float | None
    method: str


def compare(treated: Proportion | Mean, control: Proportion | Mean) -> Difference:
    """Set a treated arm's statistic against the control's, which must be of the same kind."""
    if isinstance(treated, Proportion) and isinstance(control, Proportion):
        (low, high), p_value, method = _newcombe(treated, control), _pooled(treated, control), SCORE
    elif isinstance(treated, Mean) and isinstance(control, Mean):
        (low, high), p_value = _welch(treated, control)
        method = WELCH
    else:
        raise TypeError(f"{type(treated).__name__} and {type(control).__name__} do not compare")
    relative, relative_low, relative_high = _relative(treated, control)
    return Difference(
        treated=treated.value,
        control=control.value,
        value=treated.value - control.value,
        standard_error=math.sqrt(treated.variance_of_value + control.variance_of_value),
        low=low,
        high=high,
        p_value=p_value,
        relative=relative,
        relative_low=relative_low,
        relative_high=relative_high,
        method=method,
    )


def _newcombe(treated: Proportion, control: Proportion) -> tuple[float, float]:
    (low_1, high_1), (low_0, high_0) = treated.wilson(), control.wilson()
    p_1, p_0 = treated.value, control.value
    difference = p_1 - p_0
    return (
        difference - math.hypot(p_1 - low_1, high_0 - p_0),
        difference + math.hypot(high_1 - p_1, p_0 - low_0),
    )


def _pooled(treated: Proportion, control: Proportion) -> float:
    pooled = (treated.successes + control.successes) / (treated.trials + control.trials)
    error = math.sqrt(pooled * (1 - pooled) * (1 / treated.trials + 1 / control.trials))
    if error == 0:  # nobody did it, or everybody
        return 1.0
    return float(2 * ndtr(-abs(treated.value - control.value) / error))


def _welch(treated: Mean, control: Mean) -> tuple[tuple[float, float], float]:
    v_1, v_0 = treated.variance_of_value, control.variance_of_value
    difference = treated.value - control.value
    if v_1 + v_0 == 0:  # two constants: known without error
        return (difference, difference), float(difference == 0)
    degrees = (v_1 + v_0) ** 2 / (v_1**2 / (treated.count - 1) + v_0**2 / (control.count - 1))
    error = math.sqrt(v_1 + v_0)
    half = float(stdtrit(degrees, _UPPER)) * error
    return (
        (difference - half, difference + half),
        float(2 * stdtr(degrees, -abs(difference) / error)),
    )


def _relative(
    treated: Proportion | Mean, control: Proportion | Mean
) -> tuple[float, float, float] | tuple[None, None, None]:
    base = control.value
    if base <= 0:
        return None, None, None
    ratio = treated.value / base
    error = math.sqrt(treated.variance_of_value + ratio**2 * control.variance_of_value) / base
    return ratio - 1, ratio - 1 - _Z * error, ratio - 1 + _Z * error


@dataclass(frozen=True)
class SampleRatio:
    """Pearson's chi-squared of the people in each arm against the probabilities drawn with."""

    chi_squared: float
    degrees: int
    p_value: float
    expected: dict[str, float]  # people by arm

    @property
    def ok(self) -> bool:
        """Whether the split may be the one drawn; if not, no comparison is to be believed."""
        return self.p_value >= SAMPLE_RATIO_P_MIN


def sample_ratio(people: Mapping[str, int], probabilities: Mapping[str, float]) -> SampleRatio:
    """Check people by arm against the probability of each arm.

    Args:
        people: by arm; an arm that nobody is in counts with 0.
        probabilities: by the same arms, adding to 1.
    """
    if people.keys() != probabilities.keys() or not people:
        raise ValueError(f"arms {sorted(people)} have probabilities for {sorted(probabilities)}")
    total, whole = sum(people.values()), math.fsum(probabilities.values())
    expected = {arm: total * p / whole for arm, p in probabilities.items()}
    chi_squared = math.fsum((people[arm] - e) ** 2 / e for arm, e in expected.items())
    degrees = len(people) - 1
    return SampleRatio(
        chi_squared=chi_squared,
        degrees=degrees,
        p_value=float(chdtrc(degrees, chi_squared)) if degrees else 1.0,
        expected=expected,
    )
