"""S: one model of the outcome, with the arm as one more feature."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.uplift.learners.base import MetaLearner
from features.uplift.models import expected

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.uplift.experiment import Experiment

    Floats = NDArray[np.float64]


class SingleLearner(MetaLearner):
    """Predicts the outcome twice, as if treated and as if not (Künzel et al. 2019).

    A linear model has products of arm and features as well: without them it would say that all are
    alike.
    """

    def _learn(self, matrix: Floats, data: Experiment) -> None:
        with_arm = self._with_arm(matrix, data.arm)
        self.model = self._model(with_arm, data.outcome, is_chance=data.is_binary)

    def _effects(self, matrix: Floats) -> Floats:
        found = [
            expected(self.model, self._with_arm(matrix, np.full(len(matrix), arm)))
            for arm in range(self.arms)
        ]
        return np.column_stack([one - found[0] for one in found[1:]])

    def _with_arm(self, matrix: Floats, arm: NDArray[np.int64]) -> Floats:
        is_in = (arm[:, None] == np.arange(1, self.arms)).astype(np.float64)
        parts = [matrix, is_in]
        if self.kind == "linear":
            parts += [matrix * column[:, None] for column in is_in.T]
        return np.hstack(parts)
