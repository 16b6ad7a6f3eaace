"""How well a score ranks: AUC, overall and within campaigns, and paired intervals.

Weights make the bootstrap: a person drawn twice has weight 2 in all their rows, so people, not
rows, are resampled, and both scores see the same draw.
"""

from __future__ import annotations

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
    """A score's order of labelled rows, sorted once; AUC under any weights of the rows."""

    def __init__(self, labels: Labels, scores: Floats) -> None:
        _, self.place = np.unique(scores, return_inverse=True)
        self.labels = labels
        self.places = int(self.place.max()) + 1 if len(scores) else 0

    def pairs(self, weights: Floats) -> tuple[float, float]:
        """Return the weight of rightly ordered pairs (a tie is half) and of all pairs."""
        good = np.bincount(self.place, weights * self.labels, self.places)
        bad = np.bincount(self.place, weights * (1 - self.labels), self.places)
        below = np.cumsum(bad) - bad
        return float(good @ (below + bad / 2)), float(good.sum() * bad.sum())


class Score:
    """A score of labelled rows in groups (campaigns), ready to be measured many times."""

    def __init__(self, labels: Labels, scores: Floats, groups: NDArray[np.object_]) -> None:
        self.all = Ranking(labels, scores)
        members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
        self.parts = [(rows, Ranking(labels[rows], scores[rows])) for rows in members]

    def auc(self, weights: Floats) -> float:
        """Return the chance that a redeemer is ranked above another; NaN without both kinds."""
        right, pairs = self.all.pairs(weights)
        return right / pairs if pairs else float("nan")

    def within(self, weights: Floats) -> float:
        """Return the same over pairs of one group only: what choosing within a campaign needs."""
        counted = [ranking.pairs(weights[rows]) for rows, ranking in self.parts]
        pairs = sum(all_ for _, all_ in counted)
        return sum(right for right, _ in counted) / pairs if pairs else float("nan")


@dataclass(frozen=True)
class Comparison:
    """A model beside the baseline on the same rows; intervals are 95 %, of model - baseline."""

    auc: float
    baseline_auc: float
    difference: float
    difference_low: float
    difference_high: float
    within_auc: float
    within_baseline_auc: float
    within_difference_low: float
    within_difference_high: float


def compare(  # noqa: PLR0913 - five parallel columns and how often to draw
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
        labels: 0 or 1, one a row.
        model: The model's score, one a row.
        baseline: The baseline's score, one a row.
        groups: The campaign of each row.
        people: The person of each row.
        draws: How many times people are drawn, with replacement.
    """
    one, two = Score(labels, model, groups), Score(labels, baseline, groups)
    even = np.ones(len(labels))
    _, owner = np.unique(people, return_inverse=True)
    count = int(owner.max()) + 1
    draw = np.random.default_rng(SEED)
    overall, within = np.empty(draws), np.empty(draws)
    for index in range(draws):
        drawn = np.bincount(draw.integers(0, count, count), minlength=count)
        weights = drawn[owner].astype(np.float64)
        overall[index] = one.auc(weights) - two.auc(weights)
        within[index] = one.within(weights) - two.within(weights)
    low, high = np.nanpercentile(overall, [TAIL, 100 - TAIL])
    within_low, within_high = np.nanpercentile(within, [TAIL, 100 - TAIL])
    return Comparison(
        auc=one.auc(even),
        baseline_auc=two.auc(even),
        difference=one.auc(even) - two.auc(even),
        difference_low=float(low),
        difference_high=float(high),
        within_auc=one.within(even),
        within_baseline_auc=two.within(even),
        within_difference_low=float(within_low),
        within_difference_high=float(within_high),
    )
