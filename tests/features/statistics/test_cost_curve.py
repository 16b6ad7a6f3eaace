"""What a budget gains, against a linear programme."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from features.statistics.cost_curve import cost_curve, mean_gains, without_people

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEEDS = st.integers(0, 10_000)


def optimum(effects: NDArray, costs: NDArray, budget: float) -> float:
    """Return the most that a budget per person can gain per person, at most one arm each."""
    people, arms = effects.shape
    one_arm = np.kron(np.eye(people), np.ones(arms))
    spend = np.tile(costs, people)[None, :]
    limits = np.append(np.ones(people), budget * people)
    found = linprog(-effects.ravel(), A_ub=np.vstack([one_arm, spend]), b_ub=limits)
    return -float(found.fun) / people


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, share=st.floats(0, 1.2))
def test_it_is_the_optimum_where_predictions_are_true(seed: int, share: float) -> None:
    draw = np.random.default_rng(seed)
    effects = draw.normal(0.5, 1, (6, 3)).round(1)
    costs = draw.choice([0.5, 1.0, 2.0, 3.0], 3)
    curve = cost_curve(effects, costs, effects)
    budget = share * float(costs.max())
    assert curve.at(budget) == pytest.approx(optimum(effects, costs, budget), abs=1e-9)
    assert (np.diff(curve.spend) > 0).all()


def test_whoever_is_predicted_to_be_harmed_is_left_out() -> None:
    curve = cost_curve(np.array([[-1.0], [-2.0]]), np.array([1.0]), np.array([[9.0], [9.0]]))
    assert (curve.at(1.0), curve.mean_up_to(1.0)) == (0, 0)


def test_without_people_it_is_a_line_to_what_all_gain() -> None:
    draw = np.random.default_rng(1)
    effects = draw.normal(0.5, 0.1, (50, 1))
    curve = cost_curve(without_people(effects), np.array([2.0]), effects)
    assert curve.spend.tolist() == [0, 2]
    assert curve.at(1.0) == pytest.approx(effects.mean() / 2)
    assert curve.mean_up_to(2.0) == pytest.approx(effects.mean() / 2)
    assert curve.at(9.0) == pytest.approx(effects.mean())  # more budget buys nothing


def test_the_mean_over_budgets_is_the_area() -> None:
    effects = np.array([[3.0], [1.0]])
    curve = cost_curve(effects, np.array([1.0]), effects)
    assert curve.mean_up_to(1.0) == pytest.approx((1.5 / 2 + (1.5 + 2) / 2) / 2)
    assert curve.mean_up_to(0.25) == pytest.approx(0.375)


def test_knowing_people_gains_more_by_more_than_its_error() -> None:
    draw = np.random.default_rng(2)
    true = draw.normal(0.2, 1, (2_000, 2))
    noisy = true + draw.normal(0, 1, true.shape)
    rules = {"known": true, "unknown": without_people(true)}
    found = mean_gains(rules, np.array([1.0, 2.0]), noisy, 2.0, draws=50)
    apart = found.paired["known", "unknown"]
    assert apart.value > 3 * apart.standard_error > 0
