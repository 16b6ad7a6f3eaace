"""What is shown for a difference and for its lift never contradict each other about zero."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.statistics import exact
from features.statistics.adjustment import MeanWithPast, adjust
from features.statistics.arms import Estimate, Mean, Proportion, Quantile, Ratio
from features.statistics.balance import imbalances
from features.statistics.experiment import (
    Difference,
    compare,
    compare_exactly,
    is_small,
    lack,
    read,
)
from features.statistics.impact import cost_per_increment, increment
from features.statistics.sample_ratio import sample_ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALPHAS = st.sampled_from([0.05, 0.01, 0.0004, 0.2])
AMOUNTS = st.lists(st.integers(0, 5_000), min_size=12, max_size=60)


def agree(found: Difference, alpha: float) -> None:
    """Both intervals and the p-value say the same of zero; an end that is missing excludes none."""
    beyond = found.low > 0 or found.high < 0
    low = -math.inf if found.relative_low is None else found.relative_low
    high = math.inf if found.relative_high is None else found.relative_high
    assert low <= high
    edge = min(abs(found.low), abs(found.high), abs(low), abs(high)) < 1e-6
    assert edge or beyond == (low > 0 or high < 0)
    assert edge or beyond == (found.p_value < alpha)
    if beyond and not edge:
        assert (found.low > 0) == (low > 0)


@given(st.integers(0, 40), st.integers(1, 40), st.integers(0, 40), st.integers(1, 40), ALPHAS)
@settings(max_examples=150, deadline=None)
def test_rates(x_1: int, n_1: int, x_0: int, n_0: int, alpha: float) -> None:
    treated, control = Proportion(min(x_1, n_1), n_1), Proportion(min(x_0, n_0), n_0)
    agree(compare(treated, control, alpha=alpha), alpha)


@given(st.integers(0, 12), st.integers(1, 12), st.integers(0, 12), st.integers(1, 12), ALPHAS)
@settings(max_examples=60, deadline=None)
def test_rates_of_small_counts(x_1: int, n_1: int, x_0: int, n_0: int, alpha: float) -> None:
    treated, control = Proportion(min(x_1, n_1), n_1), Proportion(min(x_0, n_0), n_0)
    found = compare_exactly(treated, control, alpha=alpha)
    agree(found, alpha)
    assert -1 <= found.low <= found.value <= found.high <= 1
    assert found.low < found.high


@given(AMOUNTS, AMOUNTS, ALPHAS)
@settings(max_examples=100, deadline=None)
def test_means_ratios_and_quantiles(first: list[int], second: list[int], alpha: float) -> None:
    for make in (_mean, _ratio, _quantile):
        arms = [make(np.array(values, dtype=float)) for values in (first, second)]
        if any(arm is None or lack(arm) for arm in arms):
            continue
        agree(compare(arms[0], arms[1], alpha=alpha), alpha)  # type: ignore[arg-type]


@given(st.integers(0, 2**32), ALPHAS)
@settings(max_examples=60, deadline=None)
def test_effects_adjusted_for_the_past(seed: int, alpha: float) -> None:
    draw = np.random.default_rng(seed)
    arms = []
    for _ in range(2):
        x = draw.gamma(1, 3, 40).round()
        y = (x + draw.gamma(1, 2, 40)).round()
        arms.append(MeanWithPast(40, y.sum(), y @ y, x.sum(), x @ x, x @ y))
    agree(read(adjust(arms[0], arms[1]).contrast, alpha=alpha), alpha)


def _mean(values: NDArray[np.float64]) -> Mean:
    return Mean(len(values), values.sum(), values @ values)


def _ratio(values: NDArray[np.float64]) -> Ratio:
    base = 1 + np.arange(len(values)) % 3
    return Ratio(
        len(values),
        *map(float, (values.sum(), values @ values, base.sum(), base @ base, values @ base)),
    )


def _quantile(values: NDArray[np.float64]) -> Quantile:
    low, value, high = np.quantile(values, (0.3, 0.5, 0.7), method="inverted_cdf").tolist()
    return Quantile(0.5, len(values), low, value, high)


# -- small counts -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("treated", "control", "small"),
    [
        ((0, 5), (1, 5), True),
        ((3, 50), (0, 50), True),
        ((50, 50), (49, 50), True),  # hardly anybody who did not
        ((30, 100), (20, 100), False),
        ((3, 90_000), (1, 10_000), False),  # more tables than are counted
    ],
)
def test_small_counts(treated: tuple[int, int], control: tuple[int, int], *, small: bool) -> None:
    assert is_small(Proportion(*treated), Proportion(*control)) is small


def test_an_exact_test_keeps_its_level_at_every_rate() -> None:
    n_1, n_0 = 9, 7
    rejected = np.array(
        [
            [exact.p_value(Proportion(a, n_1), Proportion(b, n_0)) < 0.05 for b in range(n_0 + 1)]
            for a in range(n_1 + 1)
        ]
    )
    worst = 0.0
    for rate in np.linspace(0.01, 0.99, 99):
        chances = [
            np.array([math.comb(n, k) * rate**k * (1 - rate) ** (n - k) for k in range(n + 1)])
            for n in (n_1, n_0)
        ]
        worst = max(worst, float((np.outer(*chances) * rejected).sum()))
    assert 0.01 < worst <= 0.05


def test_an_exact_ratio_covers_every_truth() -> None:
    n_1, n_0 = 8, 6
    ends = {
        (a, b): exact.ratio_interval(Proportion(a, n_1), Proportion(b, n_0))
        for a in range(n_1 + 1)
        for b in range(n_0 + 1)
    }
    for p_1, p_0 in ((0.5, 0.25), (0.3, 0.3), (0.2, 0.8), (0.9, 0.6)):
        covered = 0.0
        for (a, b), (low, high) in ends.items():
            if low <= p_1 / p_0 <= (math.inf if high is None else high):
                covered += (
                    math.comb(n_1, a) * p_1**a * (1 - p_1) ** (n_1 - a)
                    * math.comb(n_0, b) * p_0**b * (1 - p_0) ** (n_0 - b)
                )  # fmt: skip
        assert covered >= 0.95


# -- odd inputs -------------------------------------------------------------------------------


def test_what_is_not_a_number_is_refused() -> None:
    for broken in (math.nan, math.inf):
        with pytest.raises(ValueError, match="is not a number"):
            Mean(20, broken, 1.0)
        with pytest.raises(ValueError, match="is not a number"):
            Ratio(20, 1.0, 1.0, broken, 1.0, 1.0)
        with pytest.raises(ValueError, match="is not a number"):
            Estimate(broken, 1.0, 20)
        with pytest.raises(ValueError, match="is not a number"):
            Quantile(0.5, 20, 1.0, broken, 2.0)


def test_negative_values_are_refused_where_none_can_be_and_read_where_they_can() -> None:
    with pytest.raises(ValueError, match="never below zero"):
        Mean(20, -5, 100)
    found = compare(Estimate(-5.0, 0.25, 50), Estimate(-10.0, 0.25, 50))
    assert found.relative == 0.5
    agree(found, 0.05)


def test_one_person_and_an_empty_arm() -> None:
    with pytest.raises(ValueError, match="at least two"):
        Mean(1, 5, 25)
    with pytest.raises(ValueError, match="not a proportion"):
        Proportion(0, 0)
    agree(compare(Proportion(1, 1), Proportion(0, 1)), 0.05)


def test_no_spread_and_no_conversion() -> None:
    with pytest.raises(ValueError, match="no interval"):
        compare(Mean(20, 100, 500), Mean(20, 60, 300))
    found = compare_exactly(Proportion(0, 9), Proportion(0, 3))
    assert (found.p_value, found.relative, found.relative_high) == (1.0, None, None)
    agree(found, 0.05)


def test_all_in_one_arm_fails_the_split() -> None:
    assert not sample_ratio({"drop": 40, "holdout": 0}, {"drop": 0.5, "holdout": 0.5}).ok


def test_rates_before_are_compared_by_their_score() -> None:
    (found,) = imbalances({"past": (Proportion(5, 50), Proportion(0, 450))})
    assert found.p_value < 1e-9
    assert not found.ok


def test_a_cost_has_no_end_where_nothing_may_have_been_caused() -> None:
    found = compare(Proportion(60, 1_000), Proportion(50, 1_000))
    cost = cost_per_increment(1_000, increment(found.value, found.low, found.high, 1_000))
    assert (cost.finite, cost.high) == (False, None)
    assert replace(cost, high=1.0).finite
