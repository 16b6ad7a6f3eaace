"""How well a score ranks: AUC, overall and within campaigns, and paired intervals.

Weights make the bootstrap: a person drawn twice has weight 2 in all their rows, so people, not
rows, are resampled, and both scores see the same draw.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Labels = NDArray[np.int64]

DRAWS = 1_000
SEED = 20_170_101
TAIL = 2.5  # percent on each side of a 95 % interval


class Ranking:
    """Labelled rows in the order of a score, sorted once; its AUC under any weights of the rows.

    With `groups`, only pairs of one group count: what choosing within a campaign needs.
    """

    def __init__(
        self, labels: Labels, scores: Floats, groups: NDArray[np.object_] | None = None
    ) -> None:
        levels, level = np.unique(scores, return_inverse=True)
        group = np.zeros_like(level)
        if groups is not None:
            group = np.unique(groups, return_inverse=True)[1]
        places, self.place = np.unique(group * len(levels) + level, return_inverse=True)
        self.group = places // len(levels)  # of each place; places of a group are adjacent
        self.labels = labels

    def auc(self, weights: Floats) -> float:
        """Return the chance that a redeemer is ranked above another, a tie counting half.

        It is NaN where no two rows can be compared.
        """
        good = np.bincount(self.place, weights * self.labels, len(self.group))
        bad = np.bincount(self.place, weights * (1 - self.labels), len(self.group))
        all_good, all_bad = np.bincount(self.group, good), np.bincount(self.group, bad)
        before = np.cumsum(all_bad) - all_bad  # of other groups, below in the order of places
        below = np.cumsum(bad) - bad - before[self.group]
        pairs = float(all_good @ all_bad)
        return float(good @ (below + bad / 2)) / pairs if pairs else float("nan")


@dataclass(frozen=True)
class Comparison:
    """A model beside the baseline on the same rows; intervals are 95 %, of model - baseline.

    Values are missing where no two rows can be compared, as within campaigns of one outcome each.
    """

    auc: float | None
    baseline_auc: float | None
    difference: float | None
    difference_low: float | None
    difference_high: float | None
    within_auc: float | None
    within_baseline_auc: float | None
    within_difference_low: float | None
    within_difference_high: float | None


def compare(
    labels: Labels,
    model: Floats,
    baseline: Floats,
    groups: NDArray[np.object_],
    people: NDArray[np.object_],
    *,
    draws: int = DRAWS,
) -> Comparison:
    """Compare two scores of the same rows, with a paired bootstrap over people.

    Args:
        labels: 0 or 1, one per row.
        model: The model's score, one per row.
        baseline: The baseline's score, one per row.
        groups: The campaign of each row.
        people: The person of each row.
        draws: How many times people are drawn, with replacement.
    """
    over_all = [Ranking(labels, score) for score in (model, baseline)]
    within = [Ranking(labels, score, groups) for score in (model, baseline)]
    even = np.ones(len(labels))
    _, owner = np.unique(people, return_inverse=True)
    count = int(owner.max()) + 1
    draw = np.random.default_rng(SEED)
    differences = np.empty((draws, 2))
    for index in range(draws):
        drawn = np.bincount(draw.integers(0, count, count), minlength=count)
        weights = drawn[owner].astype(np.float64)
        differences[index] = [_difference(pair, weights) for pair in (over_all, within)]
    (low, high), (within_low, within_high) = map(_interval, differences.T)
    return Comparison(
        auc=_known(over_all[0].auc(even)),
        baseline_auc=_known(over_all[1].auc(even)),
        difference=_known(_difference(over_all, even)),
        difference_low=low,
        difference_high=high,
        within_auc=_known(within[0].auc(even)),
        within_baseline_auc=_known(within[1].auc(even)),
        within_difference_low=within_low,
        within_difference_high=within_high,
    )


def _difference(pair: list[Ranking], weights: Floats) -> float:
    return pair[0].auc(weights) - pair[1].auc(weights)


def _interval(differences: Floats) -> tuple[float, float] | tuple[None, None]:
    """Return the 95 % interval of those draws in which some rows could be compared."""
    told = differences[~np.isnan(differences)]
    if not len(told):
        return None, None
    low, high = np.percentile(told, [TAIL, 100 - TAIL])
    return float(low), float(high)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
