"""One test for both intervals: they never contradict each other, whatever is compared."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from features.statistics.arms import Estimate, Mean, Proportion, Quantile, Ratio, quantile_levels
from features.statistics.contrast import Contrast, between, degrees, upper_quantile
from features.statistics.experiment import compare, read

VALUES = st.floats(-1e6, 1e6).filter(lambda value: value == 0 or abs(value) > 1e-6)
ERRORS = st.floats(1e-6, 1e6)
LEVELS = st.sampled_from([0.05, 0.01, 0.001, 1e-6])


@st.composite
def contrasts(draw: st.DrawFn) -> Contrast:
    """Any contrast that there can be, adjusted or not."""
    error, control_error = draw(ERRORS), draw(ERRORS)
    return Contrast(
        difference=draw(VALUES),
        control=draw(VALUES),
        variance=error * error,
        control_variance=control_error * control_error,
        covariance=draw(st.floats(-0.999, 0.999)) * error * control_error,
        degrees=draw(st.sampled_from([3.0, 40.0, math.inf])),
    )


def statistic(of: Contrast, lift: float) -> float:
    """How many standard errors the difference is from a supposed lift: the test itself."""
    size, sign = abs(of.control), math.copysign(1, of.control)
    spread = of.variance - 2 * lift * sign * of.covariance + lift * lift * of.control_variance
    return abs(of.difference - lift * size) / math.sqrt(spread)


@given(contrasts(), LEVELS)
def test_difference_and_lift_never_contradict_each_other(of: Contrast, alpha: float) -> None:
    assume(abs(of.p_value() / alpha - 1) > 1e-6)
    found = read(of, alpha=alpha)
    above, below = found.low > 0, found.high < 0
    assert above == (found.relative_low is not None and found.relative_low > 0)
    assert below == (found.relative_high is not None and found.relative_high < 0)
    assert (above or below) == (found.p_value < alpha)


@given(contrasts(), LEVELS)
def test_the_lifts_interval_is_what_the_test_does_not_reject(of: Contrast, alpha: float) -> None:
    assume(of.control)
    bound = of.bound(alpha)
    low, high = of.lift_interval(bound)
    for end in (low, high):
        if end is not None:
            assert statistic(of, end) == pytest.approx(bound, rel=1e-4, abs=1e-6)
    value = of.lift
    assert value is not None
    assert low is None or low <= value + 1e-9 * abs(value)
    assert high is None or value - 1e-9 * abs(value) <= high
    if low is not None and high is not None:
        for inside in np.linspace(low, high, 7)[1:-1]:
            assert statistic(of, float(inside)) <= bound * (1 + 1e-6)


ARMS = st.builds(Estimate, VALUES, ERRORS, st.integers(2, 10**6))


@given(ARMS, ARMS)
def test_swapped_arms_turn_the_difference_round(a: Estimate, b: Estimate) -> None:
    there, back = compare(a, b), compare(b, a)
    assert (there.low, there.high) == (-back.high, -back.low)
    assert there.p_value == back.p_value


@given(ARMS, ARMS, st.sampled_from([0.01, 100.0]))
def test_another_unit_changes_no_lift(a: Estimate, b: Estimate, times: float) -> None:
    def scaled(one: Estimate) -> Estimate:
        return Estimate(one.value * times, one.variance_of_value * times * times, one.count)

    one, other = compare(a, b), compare(scaled(a), scaled(b))
    assert other.low == pytest.approx(one.low * times, rel=1e-6, abs=1e-9)
    assert other.p_value == pytest.approx(one.p_value, rel=1e-6)
    assume(abs(a.value - b.value) > 1e-3 * abs(b.value))  # else the ends are all rounding
    assert (other.relative_low is None) == (one.relative_low is None)
    if one.relative is not None:
        assert other.relative == pytest.approx(one.relative, rel=1e-6)


def test_a_loss_that_is_halved_is_a_rise() -> None:
    found = compare(Estimate(-5, 0.01, 100), Estimate(-10, 0.01, 100))
    assert found.relative == 0.5
    assert found.relative_low is not None
    assert 0 < found.relative_low < 0.5
    assert found.value == 5


def test_a_lift_without_any_end() -> None:
    found = compare(Estimate(0.1, 1, 100), Estimate(0.1, 1, 100))
    assert (found.relative_low, found.relative_high) == (None, None)


def test_nothing_below_zero_falls_by_more_than_all() -> None:
    found = compare(Mean(30, 1, 1), Mean(30, 10, 40))
    assert found.relative_low == -1


@given(st.lists(st.tuples(st.floats(0.1, 9), st.integers(2, 500)), min_size=2, max_size=2))
def test_the_degrees_are_welchs(parts: list[tuple[float, int]]) -> None:
    (v_1, n_1), (v_0, n_0) = parts
    expected = (v_1 + v_0) ** 2 / (v_1**2 / (n_1 - 1) + v_0**2 / (n_0 - 1))
    assert degrees(*parts) == pytest.approx(expected)


def test_quantiles_far_out_keep_their_digits() -> None:
    assert upper_quantile(1e-40) == pytest.approx(stats.norm.isf(1e-40))
    assert upper_quantile(1e-12, 8) == pytest.approx(stats.t.isf(1e-12, 8))


def test_a_ratio_is_its_linearised_mean() -> None:
    """The delta method a second way: the spread of what each person adds beyond the ratio."""
    draw = np.random.default_rng(1)
    orders = draw.poisson(3, 400) + 1.0
    revenue = orders * draw.gamma(2, 3, 400)
    found = Ratio(
        *(400, revenue.sum(), revenue @ revenue, orders.sum(), orders @ orders, orders @ revenue)
    )
    each = (revenue - found.value * orders) / orders.mean()
    assert found.value == pytest.approx(revenue.sum() / orders.sum())
    assert found.variance == pytest.approx(each.var(ddof=1))
    assert found.variance_of_value == pytest.approx(each.var(ddof=1) / 400)


def test_a_ratio_to_ones_is_the_mean() -> None:
    mean = Mean(5, 15, 55)
    found = Ratio(5, 15, 55, 5, 5, 15)
    assert (found.value, found.variance_of_value) == (mean.value, mean.variance_of_value)


def test_a_quantiles_error_is_that_of_the_normal_curve() -> None:
    """Of normal values: sqrt(q (1 - q) / n) over the density at the quantile."""
    values, n = stats.norm.ppf((np.arange(100_000) + 0.5) / 100_000), 100_000
    low, value, high = np.quantile(values, quantile_levels(0.9, n))
    found = Quantile(0.9, n, low, value, high)
    expected = math.sqrt(0.9 * 0.1 / n) / stats.norm.pdf(stats.norm.ppf(0.9))
    assert math.sqrt(found.variance_of_value) == pytest.approx(expected, rel=1e-3)


def test_events_of_one_person_that_are_alike_count_once() -> None:
    once = Quantile(0.5, 1_000, 0.9, 1.0, 1.1)
    half = Ratio(1_000, 500, 500, 1_000, 1_000, 500)  # one event each, half of them below
    alike = Ratio(1_000, 2_000, 8_000, 4_000, 16_000, 8_000)  # four each, all above or below
    fourfold = Quantile(0.5, 4_000, 0.95, 1.0, 1.05, alike)  # by count alone twice as sure
    assert Quantile(0.5, 1_000, 0.9, 1.0, 1.1, half).variance_of_value == pytest.approx(
        once.variance_of_value, rel=2e-3
    )
    assert fourfold.variance_of_value == pytest.approx(once.variance_of_value, rel=5e-3)
    assert fourfold.count == 1_000


@pytest.mark.parametrize(
    ("found", "lacks"),
    [
        (Quantile(0.5, 100, 1, 2, 3), False),
        (Quantile(0.5, 100, 2, 2, 2), True),  # nobody about it differs
        (Quantile(0.99, 380, 1, 2, 3), True),  # 3.84 x 99
        (Quantile(0.01, 380, 1, 2, 3), True),
        (Quantile(0.99, 381, 1, 2, 3), False),
    ],
)
def test_too_few_people_for_a_quantile(found: Quantile, *, lacks: bool) -> None:
    assert found.lacks_people is lacks


def test_what_has_no_base_is_no_ratio() -> None:
    with pytest.raises(ValueError, match="base must be above zero"):
        Ratio(3, 1, 1, 0, 0, 0)
    with pytest.raises(ValueError, match="no lift"):
        _ = Contrast(1, 0, 1, 1, 0).lift_error


def test_rates_take_the_level_too() -> None:
    arms = Proportion(80, 500), Proportion(50, 500)
    wide, narrow = compare(*arms, alpha=0.001), compare(*arms)
    assert wide.low < narrow.low < narrow.high < wide.high
    assert wide.relative_low is not None
    assert narrow.relative_low is not None
    assert wide.relative_low < 0 < narrow.relative_low


def test_a_contrast_of_arms_is_read_as_they_are_compared() -> None:
    arms = Mean(50, 100, 400), Mean(60, 90, 300)
    assert read(between(*arms)) == compare(*arms)
