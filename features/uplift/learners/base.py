"""The one interface of all learners, and what those of ours share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from features.uplift.errors import UnusableError
from features.uplift.experiment import Experiment, experiment
from features.uplift.models import expected, fitted
from features.uplift.preparation import Kind, Preparation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class Learner(Protocol):
    """What races: anything that learns from people in arms what each arm changes for a person."""

    def fit(self, X: Any, arm: Any, y: Any, propensity: Any) -> Any:
        """Learn from a frame of features, arms by number, outcomes and logged chances.

        See `features.uplift.experiment.experiment` for what each may be.
        """

    def predict_effect(self, X: Any) -> Floats:
        """Return the effect of each arm but control (column) on each person (row)."""


class MetaLearner:
    """A learner that is built of models of the outcome: it checks, orders and prepares for them.

    Args:
        kind: of models: "linear" (logistic regression, ridge) or "trees" (small boosted ones).
        seed: the same data and seed give the same learner, whatever the order of the rows.
    """

    def __init__(self, kind: Kind = "trees", seed: int = 0) -> None:
        self.kind: Kind = kind
        self.seed = seed

    def fit(self, X: Any, arm: Any, y: Any, propensity: Any = None) -> MetaLearner:
        """Learn; see `Learner`.

        Raises:
            UnusableError: when the data can't be learned from, naming column, rows and remedy.
        """
        data = experiment(X, arm, y, propensity)
        data = data.take(data.ordered())
        self.arms = data.arms
        self.preparation = Preparation(self.kind).fit(data.features)
        self._learn(self.preparation.matrix(data.features), data)
        return self

    def predict_effect(self, X: Any) -> Floats:
        """Return the effect of each arm but control (column) on each person (row).

        Raises:
            UnusableError: when it was not fitted, or on other columns.
        """
        if not hasattr(self, "preparation"):
            raise UnusableError(f"{type(self).__name__} was not fitted; call fit before")
        return self._effects(self.preparation.matrix(X))

    def _learn(self, matrix: Floats, data: Experiment) -> None:
        raise NotImplementedError

    def _effects(self, matrix: Floats) -> Floats:
        raise NotImplementedError

    def _model(self, matrix: Floats, outcome: Floats, *, is_chance: bool = False) -> Any:
        return fitted(self.kind, matrix, outcome, self.seed, is_chance=is_chance)

    def _by_arm(self, matrix: Floats, data: Experiment, first: int = 0) -> list[Any]:
        """Return a model of the outcome in each arm from the number `first`."""
        return [
            self._model(matrix[own], data.outcome[own], is_chance=data.is_binary)
            for own in (data.arm == arm for arm in range(first, data.arms))
        ]


def outcomes(models: Iterable[Any], matrix: Floats) -> Floats:
    """Return the outcome that each model (column) expects of each row."""
    return np.column_stack([expected(model, matrix) for model in models])
