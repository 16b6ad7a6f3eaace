"""Response: whoever does most when treated is changed most, in proportion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.uplift.learners.base import MetaLearner, outcomes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.uplift.experiment import Experiment

    Floats = NDArray[np.float64]


class ResponseLearner(MetaLearner):
    """Predicts the outcome of those treated, as targeting does that never left anyone alone.

    It ranks by the outcome under an arm. The size is from the experiment: the arm's mean effect,
    shared out in proportion to the outcome (none to an outcome below 0).
    """

    def _learn(self, matrix: Floats, data: Experiment) -> None:
        self.models = self._by_arm(matrix, data, first=1)
        expected = np.maximum(outcomes(self.models, matrix), 0.0).mean(axis=0)
        means = _means(data)
        effects = means[1:] - means[0]
        there = expected > 0
        self.ratios = np.divide(effects, expected, out=np.zeros(len(effects)), where=there)
        self.flat = np.where(there, 0.0, effects)

    def _effects(self, matrix: Floats) -> Floats:
        found: Floats = np.maximum(outcomes(self.models, matrix), 0.0) * self.ratios + self.flat
        return found


def _means(data: Experiment) -> Floats:
    """Return the mean outcome of each arm; people count by the inverse of their chance."""
    weights = 1 / data.propensity
    total = np.bincount(data.arm, weights=weights * data.outcome)
    return np.asarray(total / np.bincount(data.arm, weights=weights), dtype=np.float64)
