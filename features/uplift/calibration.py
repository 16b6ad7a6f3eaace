"""Effects of the right size before they are compared with a cost, in the order they had.

A learner that found noise predicts effects too far apart. How far is measured on people that each
fit has not seen, and set right by a line, or a curve that never falls.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn.isotonic import IsotonicRegression

from features.statistics.heterogeneity import best_linear_predictor
from features.uplift.errors import UnusableError
from features.uplift.experiment import experiment
from features.uplift.folds import folds
from features.uplift.scores import effects_of, held_scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from features.uplift.experiment import Experiment
    from features.uplift.learners.base import Learner

    Floats = NDArray[np.float64]

FOLDS = 5
SLOPE_MIN = 0.01  # where none was found: still in order, and as good as alike
STEP_SHARE = 0.05  # of the line in the curve, so that people on one step keep their order

Shape = Literal["line", "curve"]


class Calibrated:
    """A learner whose effects are set right out of fold; itself a learner.

    Args:
        make: what makes the learner of a seed.
        seed: of the learner and of the folds.
        shape: "line" multiplies each effect's distance from the mean by the slope of observed on
            predicted effect (Chernozhukov et al. 2018); "curve" is isotonic.
    """

    def __init__(
        self, make: Callable[[int], Learner], seed: int = 0, shape: Shape = "line"
    ) -> None:
        self.make = make
        self.seed = seed
        self.shape: Shape = shape

    def fit(self, X: Any, arm: Any, y: Any, propensity: Any = None) -> Calibrated:
        """Learn out of fold how to set effects right, then learn from everyone."""
        data = experiment(X, arm, y, propensity)
        data = data.take(data.ordered())
        scores, predicted = out_of_fold(data, self.make, self.seed)
        self.lines = [_Line(one, other) for one, other in zip(scores.T, predicted.T, strict=True)]
        self.curves = (
            [_Curve(one, other) for one, other in zip(scores.T, predicted.T, strict=True)]
            if self.shape == "curve"
            else []
        )
        self.learner = self.make(self.seed)
        self.learner.fit(data.features, data.arm, data.outcome, data.propensity)
        return self

    def predict_effect(self, X: Any) -> Floats:
        """Return the calibrated effect of each arm but control (column) on each person (row).

        Raises:
            UnusableError: when it was not fitted, or on other columns.
        """
        if not hasattr(self, "learner"):
            raise UnusableError(f"{type(self).__name__} was not fitted; call fit before")
        raw = self.learner.predict_effect(X)
        lines = np.column_stack([one(raw[:, at]) for at, one in enumerate(self.lines)])
        if not self.curves:
            return lines
        curves = np.column_stack([one(raw[:, at]) for at, one in enumerate(self.curves)])
        found: Floats = (1 - STEP_SHARE) * curves + STEP_SHARE * lines
        return found

    def __getstate__(self) -> dict[str, Any]:
        """Return what predicting needs: what made the learner is code, and stays out of files."""
        return {name: value for name, value in vars(self).items() if name != "make"}


class _Line:
    def __init__(self, scores: Floats, predicted: Floats) -> None:
        found = best_linear_predictor(scores, predicted)
        self.mean, self.centre = found.mean, float(predicted.mean())
        self.slope = 1.0 if math.isnan(found.slope) else max(found.slope, SLOPE_MIN)

    def __call__(self, predicted: Floats) -> Floats:
        return self.mean + self.slope * (predicted - self.centre)


class _Curve:
    def __init__(self, scores: Floats, predicted: Floats) -> None:
        self.steps = IsotonicRegression(out_of_bounds="clip").fit(predicted, scores)

    def __call__(self, predicted: Floats) -> Floats:
        return np.asarray(self.steps.predict(predicted), dtype=np.float64)


def out_of_fold(
    data: Experiment, make: Callable[[int], Learner], seed: int, count: int = FOLDS
) -> tuple[Floats, Floats]:
    """Return effect scores and predicted effects of people that the fits have not seen."""
    scores = np.zeros((len(data.arm), data.arms - 1))
    predicted = np.zeros_like(scores)
    for rest, held in folds(data, count, seed):
        known, new = data.take(rest), data.take(held)
        learner = make(seed)
        learner.fit(known.features, known.arm, known.outcome, known.propensity)
        predicted[held] = learner.predict_effect(new.features)
        scores[held] = effects_of(held_scores(known, new, seed))
    return scores, predicted
