"""Exact intervals hold the truth often enough for every rate: each table is counted."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from features.statistics import exact, intervals
from features.statistics.arms import Proportion

COUNTS = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
N_1, N_0 = 7, 5


@functools.cache
def interval(x_1: int, x_0: int) -> tuple[float, float]:
    return exact.difference_interval(Proportion(x_1, N_1), Proportion(x_0, N_0))


@pytest.mark.parametrize(
    ("p_1", "p_0"), [*itertools.product((0.02, 0.3, 0.55, 0.9), (0.05, 0.4, 0.97)), (0.5, 0.5)]
)
def test_the_difference_is_held_at_least_as_often_as_promised(p_1: float, p_0: float) -> None:
    missed = np.zeros(2)
    for x_1, x_0 in itertools.product(range(N_1 + 1), range(N_0 + 1)):
        chance = stats.binom.pmf(x_1, N_1, p_1) * stats.binom.pmf(x_0, N_0, p_0)
        low, high = interval(x_1, x_0)
        missed += chance * np.array([p_1 - p_0 < low - 1e-6, p_1 - p_0 > high + 1e-6])
    assert (missed <= 0.025 + 1e-6).all()


def test_swapped_arms_turn_the_exact_difference_round() -> None:
    arms = Proportion(7, 34), Proportion(1, 34)
    low, high = exact.difference_interval(*arms)
    assert exact.difference_interval(*arms[::-1]) == pytest.approx((-high, -low))
    assert (low, high) == pytest.approx((0.0194, 0.3584), abs=2e-4)


def test_all_against_none_reaches_the_end() -> None:
    low, high = exact.difference_interval(Proportion(5, 5), Proportion(0, 5))
    assert 0.3 < low < high == 1


def test_the_tests_are_scipys_with_columns_as_it_wants_them() -> None:
    treated, control = Proportion(7, 34), Proportion(1, 34)
    assert exact.fisher(treated, control) == pytest.approx(
        stats.fisher_exact([[7, 27], [1, 33]]).pvalue
    )
    assert exact.barnard(treated, control) == pytest.approx(0.0281, abs=1e-4)
    assert exact.boschloo(treated, control) == pytest.approx(0.0385, abs=1e-4)
    low, high = exact.odds_interval(treated, control)
    assert (low, high) == pytest.approx((0.9733, 397.0), rel=1e-3)  # R's fisher.test


@given(COUNTS)
def test_intervals_of_a_rate_are_statsmodels(count: tuple[int, int]) -> None:
    arm = Proportion(*count)
    for found, method in ((exact.rate_interval(arm), "beta"), (intervals.wilson(arm), "wilson")):
        assert found == pytest.approx(proportion_confint(*count, method=method), abs=1e-9)


@given(COUNTS, COUNTS)
def test_named_intervals_are_statsmodels(a: tuple[int, int], b: tuple[int, int]) -> None:
    arms = Proportion(*a), Proportion(*b)
    expected = confint_proportions_2indep(*a, *b, method="agresti-caffo", correction=False)
    assert intervals.agresti_caffo(*arms) == pytest.approx(expected, abs=1e-9)
    expected = confint_proportions_2indep(*a, *b, method="newcomb", correction=False)
    assert intervals.newcombe(*arms) == pytest.approx(expected, abs=1e-9)
    if all(0 < x < n for x, n in (a, b)):
        found = intervals.wald(*arms)
        expected = confint_proportions_2indep(*a, *b, method="wald", correction=False)
        assert (found.low, found.high) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("treated", "control"),
    [
        ((1, 5), (0, 3000)),
        ((1, 2), (5, 6000)),
        ((2, 6), (9, 2800)),
        ((1, 10), (0, 1800)),
        ((2, 20), (4, 900)),
        ((1, 1), (0, 1)),
    ],
)
def test_the_worst_rates_of_unequal_arms_are_found(
    treated: tuple[int, int], control: tuple[int, int]
) -> None:
    arms = Proportion(*treated), Proportion(*control)
    p = exact.p_value(*arms)
    assert p >= worst(*arms) * (1 - 1e-4)
    low, high = exact.difference_interval(*arms)
    ratio_low, ratio_high = exact.ratio_interval(*arms)
    assert (p < 0.05) == (low > 0 or high < 0)
    assert (p < 0.05) == (ratio_low > 1 or (ratio_high is not None and ratio_high < 1))


def worst(treated: Proportion, control: Proportion) -> float:
    """Return the p-value of 20,000 rates near 0 and 1 and between, by scipy's chances."""
    ends = np.geomspace(1e-7, 0.5, 1000)
    middle = np.sin(np.linspace(0, np.pi / 2, 18_001)) ** 2
    return min(
        1.0,
        2
        * min(
            _worst(*arms, np.concatenate([ends, middle, 1 - ends]))
            for arms in ((treated, control), (control, treated))
        ),
    )


def _worst(more: Proportion, less: Proportion, rates: np.ndarray) -> float:
    x_1, x_0 = np.arange(more.trials + 1)[:, None], np.arange(less.trials + 1)
    pooled = (x_1 + x_0) / (more.trials + less.trials)
    deviation = np.sqrt(pooled * (1 - pooled) * (1 / more.trials + 1 / less.trials))
    apart = x_1 / more.trials - x_0 / less.trials
    z = np.divide(apart, deviation, out=np.zeros_like(apart), where=deviation > 0)
    is_as_far = z >= z[more.successes, less.successes] - 1e-9
    least = np.where(is_as_far.any(axis=0), is_as_far.argmax(axis=0), more.trials + 1)
    chances = np.zeros(len(rates))
    for fewest in np.unique(least):
        (of_less,) = np.nonzero(least == fewest)
        below = stats.binom.cdf(of_less[-1], less.trials, rates)
        below -= stats.binom.cdf(of_less[0] - 1, less.trials, rates)
        chances += below * stats.binom.sf(fewest - 1, more.trials, rates)
    return float(chances.max())


@pytest.mark.parametrize(
    ("treated", "control", "gap"),
    [((3, 3), (5, 9), -0.28), ((3, 3), (3, 9), -0.06), ((2, 3), (6, 9), -0.633)],
)
def test_an_interval_reaches_past_the_gaps_of_what_is_not_rejected(
    treated: tuple[int, int], control: tuple[int, int], gap: float
) -> None:
    """The test rejects `gap`, and does not reject differences on either side of it."""
    arms = Proportion(*treated), Proportion(*control)
    low, high = exact.difference_interval(*arms)
    chance = exact._differences(*arms).chance
    assert low < gap < high
    assert chance(gap) < 0.025
    for difference in np.linspace(-0.999, arms[0].value - arms[1].value, 120):
        if chance(difference) >= 0.025 + 1e-6:
            assert low <= difference
    assert chance(low + 2e-6) >= 0.025 - 1e-4
    turned = exact.difference_interval(*arms[::-1])
    assert turned == pytest.approx((-high, -low), abs=1e-5)


def test_a_gap_in_ratios_is_passed_as_well() -> None:
    arms = Proportion(3, 3), Proportion(5, 9)
    low, _ = exact.ratio_interval(*arms)
    chance = exact._ratios(*arms).chance
    for log in np.linspace(-3, np.log(9 / 5), 120):
        if chance(log) >= 0.025 + 1e-6:
            assert low <= np.exp(log) * (1 + 1e-6)


def test_unequal_arms_are_held_at_least_as_often_as_promised() -> None:
    """Each of the tables of 3 and 9 people is counted, at true differences within the gaps too."""
    n_1, n_0 = 3, 9
    ends = {
        (x_1, x_0): exact.difference_interval(Proportion(x_1, n_1), Proportion(x_0, n_0))
        for x_1, x_0 in itertools.product(range(n_1 + 1), range(n_0 + 1))
    }
    for apart in (-0.66, -0.64, -0.297, -0.28, -0.1, -0.06, 0.0, 0.2, 0.5):
        for p_0 in np.linspace(max(0.0, -apart), min(1.0, 1 - apart), 41):
            of_1 = stats.binom.pmf(range(n_1 + 1), n_1, min(1.0, max(0.0, p_0 + apart)))
            of_0 = stats.binom.pmf(range(n_0 + 1), n_0, p_0)
            above = sum(of_1[a] * of_0[b] for (a, b), (low, _) in ends.items() if low > apart)
            below = sum(of_1[a] * of_0[b] for (a, b), (_, high) in ends.items() if high < apart)
            assert max(above, below) <= 0.025 + 1e-6


def test_both_intervals_and_the_p_value_agree_about_zero() -> None:
    for n_1, n_0 in ((3, 9), (2, 15)):
        for x_1, x_0 in itertools.product(range(n_1 + 1), range(n_0 + 1)):
            arms = Proportion(x_1, n_1), Proportion(x_0, n_0)
            is_found = exact.p_value(*arms) < 0.05
            low, high = exact.difference_interval(*arms)
            least, most = exact.ratio_interval(*arms)
            assert is_found == (low > 0 or high < 0), arms
            assert is_found == (least > 1 or (most is not None and most < 1)), arms
