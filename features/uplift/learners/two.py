"""T: a model of the outcome in each arm, and their difference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from features.uplift.learners.base import MetaLearner, outcomes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from features.uplift.experiment import Experiment

    Floats = NDArray[np.float64]


class TwoLearner(MetaLearner):
    """Predicts the outcome by a model of each arm's own people (Künzel et al. 2019)."""

    def expected_outcomes(self, X: Any) -> Floats:
        """Return the expected outcome of each person (row) in each arm (column)."""
        return outcomes(self.models, self.preparation.matrix(X))

    def _learn(self, matrix: Floats, data: Experiment) -> None:
        self.models = self._by_arm(matrix, data)

    def _effects(self, matrix: Floats) -> Floats:
        found = outcomes(self.models, matrix)
        return found[:, 1:] - found[:, :1]
