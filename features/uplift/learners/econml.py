"""EconML's estimators as learners: `--learner features.uplift.learners.econml:CausalForest`.

Needs the package `econml`, which flowdrop does not install.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from features.uplift.errors import UnusableError
from features.uplift.experiment import experiment
from features.uplift.preparation import Preparation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class EconML:
    """An estimator of EconML with the interface of `Learner`.

    Args:
        estimator: not yet fitted, with a discrete treatment; from `econml.dml` or `econml.dr`.
    """

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def fit(self, X: Any, arm: Any, y: Any, propensity: Any = None) -> EconML:
        """Learn; the estimator models the chances of the arms itself."""
        data = experiment(X, arm, y, propensity)
        data = data.take(data.ordered())
        self.arms = data.arms
        self.preparation = Preparation("trees").fit(data.features)
        matrix = self.preparation.matrix(data.features)
        self.estimator.fit(data.outcome, data.arm, X=matrix)
        return self

    def predict_effect(self, X: Any) -> Floats:
        """Return the effect of each arm but control (column) on each person (row)."""
        matrix = self.preparation.matrix(X)
        return np.column_stack(
            [np.ravel(self.estimator.effect(matrix, T0=0, T1=arm)) for arm in range(1, self.arms)]
        )


class CausalForest(EconML):
    """`econml.dml.CausalForestDML` with small trees' models of outcome and arm."""

    def __init__(self, seed: int = 0) -> None:
        forest = _module("econml.dml").CausalForestDML
        super().__init__(
            forest(discrete_treatment=True, n_estimators=200, random_state=seed, n_jobs=1)
        )


class ForestDoublyRobust(EconML):
    """`econml.dr.ForestDRLearner`."""

    def __init__(self, seed: int = 0) -> None:
        forest = _module("econml.dr").ForestDRLearner
        super().__init__(forest(n_estimators=200, random_state=seed, n_jobs=1))


def _module(name: str) -> Any:
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UnusableError(
            f"{name} can't be imported ({error}); install it with `pip install econml`"
        ) from error
