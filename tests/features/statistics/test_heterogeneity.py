"""Slope and R² of calibration, against least squares and by construction."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm

from features.statistics.heterogeneity import best_linear_predictor, calibration_r2


def test_the_line_is_that_of_least_squares_with_robust_errors() -> None:
    draw = np.random.default_rng(1)
    predicted = draw.gamma(2, 0.1, 700)
    effects = 0.3 + 0.6 * predicted + draw.normal(0, 0.2 + predicted)
    found = best_linear_predictor(effects, predicted)
    design = sm.add_constant(predicted - predicted.mean())
    fit = sm.OLS(effects, design).fit(cov_type="HC1")
    assert (found.mean, found.slope) == pytest.approx(tuple(fit.params))
    assert found.slope_error == pytest.approx(fit.bse[1])
    assert found.mean_error == pytest.approx(effects.std(ddof=1) / math.sqrt(700))


@pytest.mark.parametrize("alike", [0.0, 0.1, 1e6 / 3])
def test_equal_predictions_have_no_slope(alike: float) -> None:
    found = best_linear_predictor(np.arange(9.0), np.full(9, alike))
    assert math.isnan(found.slope)
    assert math.isnan(found.slope_error)
    assert found.mean == 4


def test_r2_is_1_if_groups_are_as_predicted_and_0_if_the_mean_would_do() -> None:
    predicted = np.repeat([0.0, 1.0, 2.0, 3.0], 50)
    assert calibration_r2(predicted, predicted) == pytest.approx(1)
    assert calibration_r2(np.full(200, 1.5), predicted) == pytest.approx(0)
    assert calibration_r2(3 - predicted, predicted) < 0
    assert calibration_r2(predicted, predicted + 5) < 0.5
    assert math.isnan(calibration_r2(predicted, np.full(200, predicted.mean())))


def test_groups_are_bounded_by_the_predictions_of_those_learned_from() -> None:
    predicted = np.repeat([0.0, 1.0], 100)
    effects = np.repeat([1.0, 0.0], 100)
    apart = calibration_r2(effects, predicted, seen=np.repeat([0.0, 1.0], 50))
    together = calibration_r2(effects, predicted, seen=np.full(9, -7.0))
    assert apart == pytest.approx(-1)
    assert math.isnan(together)  # one group, and its mean is the effect of all
