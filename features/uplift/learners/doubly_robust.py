"""DR: unbiased scores of each person's effect, and their mean by features."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.statistics.policy import arm_scores
from features.uplift.folds import folds
from features.uplift.learners.base import MetaLearner, outcomes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.uplift.experiment import Experiment

    Floats = NDArray[np.float64]

FOLDS = 3


class DoublyRobustLearner(MetaLearner):
    """Learns the effect from doubly robust scores (Kennedy 2023).

    The model that a person's score is corrected by has not seen the person. With logged chances the
    scores are unbiased however wrong the model is.
    """

    def _learn(self, matrix: Floats, data: Experiment) -> None:
        scores = np.zeros((len(matrix), data.arms))
        for rest, held in folds(data, FOLDS, self.seed):
            models = self._by_arm(matrix[rest], data.take(rest))
            part = data.take(held)
            scores[held] = arm_scores(
                outcomes(models, matrix[held]), part.arm, part.outcome, part.propensity
            )
        self.models = [
            self._model(matrix, scores[:, arm] - scores[:, 0]) for arm in range(1, data.arms)
        ]

    def _effects(self, matrix: Floats) -> Floats:
        return outcomes(self.models, matrix)
