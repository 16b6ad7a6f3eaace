"""An effect put together from strata, such as channels or cities, after assignment.

How many of each stratum an arm happened to get no longer matters. Strata in which an arm has too
few people to have a variance are merged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from features.statistics.arms import covariance
from features.statistics.contrast import Contrast, degrees

if TYPE_CHECKING:
    from collections.abc import Iterable

LEAST = 2  # people of an arm in a stratum: fewer have no variance


@dataclass(frozen=True)
class Sums:
    """A quantity of the people of an arm in one stratum; there may be none."""

    count: int
    total: float
    total_of_squares: float

    def __add__(self, other: Sums) -> Sums:
        """Return the sums of both."""
        return Sums(
            self.count + other.count,
            self.total + other.total,
            self.total_of_squares + other.total_of_squares,
        )

    @property
    def mean(self) -> float:
        """The mean per person."""
        return self.total / self.count

    @property
    def variance(self) -> float:
        """The sample variance, with n - 1."""
        return max(0.0, covariance(self.count, self.total, self.total, self.total_of_squares))


@dataclass(frozen=True)
class Stratum:
    """The arms' people of one stratum."""

    treated: Sums
    control: Sums

    def __add__(self, other: Stratum) -> Stratum:
        """Return both as one."""
        return Stratum(self.treated + other.treated, self.control + other.control)

    @property
    def people(self) -> int:
        """The people of both arms."""
        return self.treated.count + self.control.count

    @property
    def thin(self) -> bool:
        """Whether an arm has too few people."""
        return min(self.treated.count, self.control.count) < LEAST


def merged(strata: Iterable[Stratum]) -> list[Stratum]:
    """Return the strata, the thin ones as one, with the smallest of the others while it is thin.

    Raises:
        ValueError: an arm has fewer than two people in all.
    """
    found = sorted((one for one in strata if one.people), key=lambda one: one.people)
    kept = [one for one in found if not one.thin]
    thin = [one for one in found if one.thin]
    if not thin:
        return kept
    rest = thin[0]
    for one in thin[1:]:
        rest = rest + one
    while rest.thin and kept:
        rest = rest + kept.pop(0)
    if rest.thin:
        few = min(rest.treated.count, rest.control.count)
        raise ValueError(f"an arm has {few} people in all strata; at least {LEAST} are needed")
    return [*kept, rest]


def post_stratify(strata: Iterable[Stratum]) -> Contrast:
    """Return the contrast weighted by all people's strata.

    The shares of the strata are themselves a draw of people, which counts as uncertainty where
    effects differ between strata.

    Raises:
        ValueError: an arm has fewer than two people in all.
    """
    found = merged(strata)
    if not found:
        raise ValueError("there are no people in any stratum")
    people = sum(one.people for one in found)
    share = np.array([one.people / people for one in found])
    means = np.array([[one.control.mean, one.treated.mean - one.control.mean] for one in found]).T
    errors = np.array([_errors(one) for one in found]).T  # squared; of the control, of the treated
    a, b = (share**2 * errors).sum(axis=1)
    drawn = means @ (np.diag(share) - np.outer(share, share)) @ means.T / people
    control, difference = means @ share
    parts = [
        (float(part), one_arm.count)
        for one, weight, (e_0, e_1) in zip(found, share**2, errors.T, strict=True)
        for part, one_arm in ((weight * e_0, one.control), (weight * e_1, one.treated))
    ]
    return Contrast(
        difference=float(difference),
        control=float(control),
        variance=float(a + b + drawn[1, 1]),
        control_variance=float(a + drawn[0, 0]),
        covariance=float(drawn[0, 1] - a),
        degrees=degrees(*parts),
        people=people,
    )


def _errors(one: Stratum) -> tuple[float, float]:
    return one.control.variance / one.control.count, one.treated.variance / one.treated.count
