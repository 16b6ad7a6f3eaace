"""DR: unbiased scores of each person's effect, and their mean by features."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.uplift.folds import folds
from features.uplift.learners.base import MetaLearner, outcomes
from features.uplift.scores import effects_of, held_scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.uplift.experiment import Experiment

    Floats = NDArray[np.float64]

FOLDS = 3


class DoublyRobustLearner(MetaLearner):
    """Learns the effect from doubly robust scores (Kennedy 2023).

    The model that a person's score is corrected by has not seen the person.
    """

    def _learn(self, matrix: Floats, data: Experiment) -> None:
        scores = np.zeros((len(matrix), data.arms - 1))
        for rest, held in folds(data, FOLDS, self.seed):
            scores[held] = effects_of(held_scores(data.take(rest), data.take(held), self.seed))
        self.models = [self._model(matrix, column) for column in scores.T]

    def _effects(self, matrix: Floats) -> Floats:
        return outcomes(self.models, matrix)
