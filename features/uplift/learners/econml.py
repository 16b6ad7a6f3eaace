"""EconML's estimators as learners: `--learner features.uplift.learners.econml:CausalForest`.

Needs the extra `econml`. The models of outcome and arm are given, and simple: EconML's own choice
among many took a minute on a thousand people, and its forest of chances came so near 0 that effects
of nothing were of 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression

from features.uplift.errors import UnusableError
from features.uplift.learners.base import MetaLearner
from features.uplift.models import SMALL_TREES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.uplift.experiment import Experiment

    Floats = NDArray[np.float64]


CHANCE_MIN = 0.01  # of an arm


class EconML(MetaLearner):
    """An estimator of EconML with the interface of `Learner`; it models the arms' chances itself.

    Args:
        estimator: not yet fitted, with a discrete treatment; from `econml.dml` or `econml.dr`.
    """

    def __init__(self, estimator: Any) -> None:
        super().__init__("trees")
        self.estimator = estimator

    def _learn(self, matrix: Floats, data: Experiment) -> None:
        self.estimator.fit(data.outcome, data.arm, X=matrix)

    def _effects(self, matrix: Floats) -> Floats:
        arms = range(1, self.arms)
        return np.column_stack([np.ravel(self.estimator.effect(matrix, T1=arm)) for arm in arms])


class CausalForest(EconML):
    """`econml.dml.CausalForestDML` with small trees' models of outcome and arm."""

    def __init__(self, seed: int = 0) -> None:
        forest = _module("econml.dml").CausalForestDML
        super().__init__(
            forest(
                model_y=_outcome(seed),
                model_t=LogisticRegression(),
                discrete_treatment=True,
                n_estimators=200,
                random_state=seed,
                n_jobs=1,
            )
        )


class ForestDoublyRobust(EconML):
    """`econml.dr.ForestDRLearner`."""

    def __init__(self, seed: int = 0) -> None:
        forest = _module("econml.dr").ForestDRLearner
        super().__init__(
            forest(
                model_regression=_outcome(seed),
                model_propensity=LogisticRegression(),
                min_propensity=CHANCE_MIN,
                n_estimators=200,
                random_state=seed,
                n_jobs=1,
            )
        )


def _outcome(seed: int) -> Any:
    return HistGradientBoostingRegressor(**SMALL_TREES, random_state=seed)


def _module(name: str) -> Any:
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UnusableError(
            f"{name} can't be imported ({error}); install it with `pip install 'flowdrop[econml]'`"
        ) from error
