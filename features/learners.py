"""The available learners, and how features are prepared for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from features.definitions import NAMES, named

if TYPE_CHECKING:
    import pandas as pd

NEVER_DAYS = 365.0  # what "never" counts as where a linear learner needs a number of days
UNKNOWN = -1.0  # what "nothing known" counts as for trees: below every actual number
FOLDS = 5


def _filled(value: float) -> SimpleImputer:
    """Return what fills in `value` where nothing is known, even if nothing is known of anyone."""
    return SimpleImputer(strategy="constant", fill_value=value, keep_empty_features=True)


def _logistic() -> Pipeline:
    """Return a logistic regression on logarithms: what spans orders of magnitude acts by ratio."""
    log = FunctionTransformer(np.log1p)
    ready = ColumnTransformer(
        [
            ("category", OneHotEncoder(handle_unknown="ignore"), named("category")),
            (
                "amount",
                make_pipeline(_filled(0.0), log, StandardScaler()),
                named("count", "amount"),
            ),
            (
                "days",
                make_pipeline(_filled(NEVER_DAYS), log, StandardScaler()),
                named("days"),
            ),
            (
                "share",
                make_pipeline(_filled(0.0), StandardScaler()),
                named("share"),
            ),
        ]
    )
    return Pipeline([("ready", ready), ("learner", LogisticRegression(C=0.3, max_iter=2_000))])


def _trees() -> Pipeline:
    """Return small boosted trees; they take numbers as they are, and missing values as below all.

    (They would take missing values as they are, but not a column with nothing else.)
    """
    ready = ColumnTransformer(
        [
            (
                "category",
                OneHotEncoder(handle_unknown="ignore", sparse_output=False),
                named("category"),
            ),
            ("numbers", _filled(UNKNOWN), named("count", "amount", "days", "share")),
        ]
    )
    learner = HistGradientBoostingClassifier(
        max_iter=60,
        learning_rate=0.06,
        max_leaf_nodes=8,
        min_samples_leaf=30,
        l2_regularization=5.0,
        random_state=0,
    )
    return Pipeline([("ready", ready), ("learner", learner)])


LEARNERS = {"logistic": _logistic, "trees": _trees}
"""By name; `features/validation.py` chooses."""


def definition() -> dict[str, str]:
    """Return each learner with all its settings as text, for a model's identity."""
    return {name: repr(make().get_params()) for name, make in LEARNERS.items()}


def one_thread() -> Any:
    """Return a context in which linear algebra and OpenMP use one thread.

    The rows are few, and on a busy machine the threads wait for each other: a fit of the trees
    took 9.8 s on two threads of a loaded machine and 0.1 s on one.
    """
    return threadpool_limits(limits=1)


def fit_plain(name: str, table: pd.DataFrame) -> Any:
    """Fit the learner `name` on rows with labels, without calibration; see `fit`."""
    with one_thread():
        return LEARNERS[name]().fit(table[list(NAMES)], table["label"].astype("int64"))


def fit(name: str, table: pd.DataFrame) -> Any:
    """Fit the learner `name` on rows with labels; its chances are calibrated across campaigns.

    The calibration is a logistic curve on chances that were predicted for campaigns which the
    predicting fit had not seen.

    Returns:
        A fitted classifier whose `predict_proba` takes a frame with the features' columns.
    """
    features, labels = table[list(NAMES)], table["label"].astype("int64")
    splits = _folds(table, labels)
    model = CalibratedClassifierCV(LEARNERS[name](), method="sigmoid", cv=splits, ensemble=False)
    with one_thread():
        return model.fit(features, labels)


def _folds(table: pd.DataFrame, labels: pd.Series[int]) -> list[tuple[Any, Any]]:
    """Return folds of campaigns, or else people, or else rows, so that each remainder can teach.

    A fit needs some who redeemed and some who did not. Where all who redeemed did so in one
    campaign, no campaign can be predicted from the others.
    """
    for groups in (table["campaign"], table["person"]):
        folds = min(FOLDS, groups.nunique())
        splits = list(GroupKFold(folds).split(table, labels, groups)) if folds > 1 else []
        if splits and all(len(set(labels.iloc[rest])) > 1 for rest, _ in splits):
            return splits
    return list(StratifiedKFold(FOLDS).split(table, labels))


def chances(model: Any, table: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the chance to redeem of each row, 0 to 1."""
    with one_thread():
        predicted = model.predict_proba(table[list(NAMES)])[:, 1]
    return np.asarray(predicted, dtype=np.float64)
