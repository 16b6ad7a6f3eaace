"""The models of an outcome that learners are built of: a linear one and small boosted trees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV

from features.learners import one_thread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.uplift.preparation import Kind

    Floats = NDArray[np.float64]

PENALTIES = np.logspace(0, 6, 13)  # of the ridge, chosen by leaving one out in what it is fitted on
SMALL_TREES = {
    "max_iter": 40,
    "learning_rate": 0.09,
    "max_leaf_nodes": 4,
    "min_samples_leaf": 100,
    "l2_regularization": 5.0,
    "max_bins": 63,
    "early_stopping": False,
}


def fitted(kind: Kind, matrix: Floats, outcome: Floats, seed: int, *, is_chance: bool) -> Any:
    """Return a model of the mean outcome, a chance if `is_chance`; the same for the same seed."""
    if len(np.unique(outcome)) == 1:  # nobody did it, or everyone
        return DummyRegressor().fit(matrix, outcome)
    if kind == "linear":
        model = LogisticRegression(C=0.3, max_iter=1_000) if is_chance else RidgeCV(PENALTIES)
    else:
        trees = HistGradientBoostingClassifier if is_chance else HistGradientBoostingRegressor
        model = trees(**SMALL_TREES, random_state=seed)
    with one_thread():
        return model.fit(matrix, outcome)


def expected(model: Any, matrix: Floats) -> Floats:
    """Return the mean outcome that a model of `fitted` expects of each row."""
    with one_thread():
        if hasattr(model, "predict_proba"):
            return np.asarray(model.predict_proba(matrix)[:, 1], dtype=np.float64)
        return np.asarray(model.predict(matrix), dtype=np.float64)
