"""X: what each person's own outcome differs by from the other arm's model, learned anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.uplift.learners.base import MetaLearner
from features.uplift.models import expected

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.uplift.experiment import Experiment

    Floats = NDArray[np.float64]


class CrossedLearner(MetaLearner):
    """Learns the effect from imputed ones, of treated and of controls (Künzel et al. 2019).

    With models m of each arm's outcome, a treated person's effect is about Y - m_0(x) and a
    control's about m_k(x) - Y. The one learned from controls weighs as the treated's share of both,
    the other as the controls'.
    """

    def _learn(self, matrix: Floats, data: Experiment) -> None:
        models = self._by_arm(matrix, data)
        of_control = data.arm == 0
        self.pairs = []
        self.shares = np.zeros(data.arms - 1)
        for arm in range(1, data.arms):
            own = data.arm == arm
            treated = data.outcome[own] - expected(models[0], matrix[own])
            control = expected(models[arm], matrix[of_control]) - data.outcome[of_control]
            self.pairs.append(
                (self._model(matrix[of_control], control), self._model(matrix[own], treated))
            )
            self.shares[arm - 1] = own.sum() / (own.sum() + of_control.sum())

    def _effects(self, matrix: Floats) -> Floats:
        return np.column_stack(
            [
                share * expected(control, matrix) + (1 - share) * expected(treated, matrix)
                for share, (control, treated) in zip(self.shares, self.pairs, strict=True)
            ]
        )
