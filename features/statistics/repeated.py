"""Differences over the folds of repeated cross-validation: their folds share most of the people.

Nadeau and Bengio (2003): the variance of the mean of J differences is s² (1/J + test/training), not
s²/J, since each fit learned from mostly the same people; t has J - 1 degrees of freedom.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Difference:
    """The mean of paired differences over folds, with a 95 % interval."""

    mean: float
    standard_error: float
    low: float
    high: float
    t: float  # 0 where nothing differs
    p_value: float  # two-sided


def corrected(differences: Floats, test_share: float, level: float = 0.05) -> Difference:
    """Return the mean of differences over folds with Nadeau and Bengio's correction.

    Args:
        differences: one per fold and repetition, at least two.
        test_share: people tested over people learned from, 1 / (folds - 1).
        level: 1 - the interval's confidence.
    """
    count = len(differences)
    mean = float(np.mean(differences))
    spread = float(np.var(differences, ddof=1))
    error = math.sqrt(spread * (1 / count + test_share))
    half = float(stats.t.ppf(1 - level / 2, count - 1)) * error
    if not error > 0:
        t = math.copysign(math.inf, mean) if mean else 0.0
        return Difference(mean, 0.0, mean, mean, t, 0.0 if mean else 1.0)
    t = mean / error
    p_value = 2 * float(stats.t.sf(abs(t), count - 1))
    return Difference(mean, error, mean - half, mean + half, t, p_value)
