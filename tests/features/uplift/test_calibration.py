"""Effects set right out of fold, in the order they had."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import stats

from features.statistics.heterogeneity import best_linear_predictor
from features.uplift.calibration import SLOPE_MIN, Calibrated, out_of_fold
from features.uplift.experiment import experiment
from features.uplift.learners.two import TwoLearner
from tests.features.uplift.trials import trial

if TYPE_CHECKING:
    from features.uplift.calibration import Shape


class TooFarApart(TwoLearner):
    """Says three times the effect, and one too many."""

    def predict_effect(self, X: Any) -> np.ndarray:
        return 3 * super().predict_effect(X) + 1


class Noise:
    """Knows nothing, and says much."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def fit(self, X: Any, arm: Any, y: Any, propensity: Any) -> None:
        pass

    def predict_effect(self, X: Any) -> np.ndarray:
        return np.random.default_rng(self.seed).normal(size=(len(X), 1))


@pytest.mark.parametrize("shape", ["line", "curve"])
def test_size_is_set_right_and_order_kept(shape: Shape) -> None:
    one = trial(seed=2)
    raw = TooFarApart("linear").fit(*one.given())
    right = Calibrated(partial(TooFarApart, "linear"), shape=shape).fit(*one.given())
    fresh = trial(seed=3)
    before, after = raw.predict_effect(fresh.X)[:, 0], right.predict_effect(fresh.X)[:, 0]
    assert stats.spearmanr(before, after).statistic == pytest.approx(1)
    assert len(np.unique(after)) == len(np.unique(before))  # nobody is tied that was not
    assert before.mean() > 1
    assert after.mean() == pytest.approx(fresh.effect.mean(), abs=0.03)
    of_before, of_after = (best_linear_predictor(fresh.effect[:, 0], x) for x in (before, after))
    assert of_before.slope < 0.4
    assert of_after.slope == pytest.approx(1, abs=0.25)


def test_noise_is_told_from_knowledge_out_of_fold_only() -> None:
    one = trial(seed=4)
    found = Calibrated(Noise).fit(*one.given())
    effects = found.predict_effect(one.X)
    assert found.lines[0].slope < 0.1
    assert found.lines[0].slope >= SLOPE_MIN
    assert effects.mean() == pytest.approx(one.effect.mean(), abs=0.04)


def test_nobody_is_predicted_by_a_fit_that_saw_them() -> None:
    seen: list[set[float]] = []

    class Watching(TwoLearner):
        def fit(self, X: Any, *rest: Any) -> Any:
            seen.append(set(X["spend"]))
            return super().fit(X, *rest)

        def predict_effect(self, X: Any) -> np.ndarray:
            assert not seen[-1] & set(X["spend"])
            return super().predict_effect(X)

    one = trial(people=400)
    data = experiment(*one.given())
    scores, predicted = out_of_fold(data, partial(Watching, "linear"), seed=0)
    assert len(seen) == 5
    assert scores.shape == predicted.shape == (400, 1)
    assert (predicted != 0).all()
    assert scores.mean() == pytest.approx(one.effect.mean(), abs=0.15)
