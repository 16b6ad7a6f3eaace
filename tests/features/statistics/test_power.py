"""Power by statsmodels, and every inverse by going back."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.power import NormalIndPower, TTestIndPower

from features.statistics.power import (
    Plan,
    days_left,
    power,
    rate_sample_size,
    sample_size,
    smallest_effect,
    smallest_lift,
    t_power,
    t_sample_size,
    t_smallest_effect,
)

SIDES = {"two-sided": "two-sided", "greater": "larger", "less": "smaller"}


@pytest.mark.parametrize("alternative", SIDES)
@pytest.mark.parametrize("effect", [0.02, 0.2, 0.7])
@pytest.mark.parametrize(("treated", "control"), [(20, 20), (900, 100), (50, 450)])
def test_the_power_of_a_t_test_is_statsmodels(
    alternative: str, effect: float, treated: int, control: int
) -> None:
    sign = -1 if alternative == "less" else 1
    found = t_power(sign * effect, Plan(1.0, 4.0, treated, control), alternative=alternative)  # type: ignore[arg-type]
    expected = TTestIndPower().power(
        *(sign * effect / 2, treated, 0.05), ratio=control / treated, alternative=SIDES[alternative]
    )
    assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("effect", [0.02, 0.2, 0.7])
def test_the_power_of_a_normal_test_is_statsmodels(effect: float) -> None:
    plan = Plan(1.0, 4.0, 300, 100)
    expected = NormalIndPower().power(effect / 2, 300, 0.05, ratio=1 / 3)
    assert power(effect, plan.error) == pytest.approx(expected)


plans = st.builds(
    Plan, st.floats(0.1, 50), st.floats(0.1, 50), st.integers(20, 10**6), st.integers(20, 10**6)
)
targets = st.floats(0.2, 0.99)


@given(plans, targets)
def test_the_smallest_effect_has_its_power(plan: Plan, target: float) -> None:
    assert power(smallest_effect(plan.error, target=target), plan.error) == pytest.approx(target)
    found = t_smallest_effect(plan, target=target)
    assert t_power(found, plan) == pytest.approx(target, abs=1e-6)
    fall = t_smallest_effect(plan, target=target, alternative="less")
    assert fall < 0
    assert t_power(fall, plan, alternative="less") == pytest.approx(target, abs=1e-6)


@given(plans, st.floats(0.5, 0.99))
def test_the_smallest_lift_has_its_power_or_is_none(plan: Plan, target: float) -> None:
    found = smallest_lift(plan, target=target)
    if found is None:
        # Not even a very large one is found: the error grows as fast.
        assert power(1e6, plan.lift_error(1e6)) < target + 0.01
        return
    assert power(found, plan.lift_error(found)) == pytest.approx(target, abs=0.001)


@given(st.floats(0.05, 2), targets, st.floats(0.2, 5))
def test_so_many_people_have_the_power(effect: float, target: float, ratio: float) -> None:
    people = sample_size(effect, 4.0, target=target, ratio=ratio)
    control = people / (1 + ratio)
    plan = Plan(1.0, 4.0, people - control, control)
    # The other tail, which counts where power is small, is left out.
    assert target - 1e-6 <= power(effect, plan.error) <= target + 0.026
    least = t_sample_size(effect, 4.0, target=target, ratio=ratio)
    for count, enough in ((least, True), (least - 1, False)):
        control = count / (1 + ratio)
        found = t_power(effect, Plan(0.0, 4.0, count - control, control))
        assert (found >= target - 1e-9) is enough or count < 3


def test_rates_count_the_variance_of_both_arms() -> None:
    even = rate_sample_size(0.1, 0.02)
    assert even == pytest.approx(
        2 * (1.959964 + 0.841621) ** 2 * (0.1 * 0.9 + 0.12 * 0.88) / 0.02**2, rel=1e-5
    )


def test_days_left_are_those_after_which_the_power_is_there() -> None:
    people, a_day, error, effect = 10_000, 500, 0.02, 0.04
    days = days_left(effect, error, people, a_day)
    assert days is not None
    later = error / math.sqrt((people + days * a_day) / people)
    assert power(effect, later) == pytest.approx(0.8, abs=1e-6)


def test_days_left_with_several_goals_and_looks() -> None:
    plain = days_left(0.04, 0.02, 10_000, 500)
    assert plain is not None
    for more in ({"metrics": 3}, {"widening": 1.2}, {"target": 0.9}, {"alpha": 0.01}):
        longer = days_left(0.04, 0.02, 10_000, 500, **more)  # type: ignore[arg-type]
        assert longer is not None
        assert longer > plain


def test_no_days_are_left_or_nobody_comes() -> None:
    assert days_left(0.5, 0.02, 10_000, 500) == 0
    assert days_left(0.04, 0.02, 10_000, 0) is None
