"""Every number is computed a second way, by statsmodels or scipy.stats."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import (
    confint_proportions_2indep,
    proportion_confint,
    proportions_ztest,
)
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from features.experiment import Mean, Proportion, compare, sample_ratio

# (successes, trials) of the treated and the control arm: Hillstrom's, and the awkward ends.
PAIRS = [
    ((3894, 21307), (2262, 21306)),
    ((189, 21387), (122, 21306)),
    ((7, 40), (1, 35)),
    ((0, 50), (9, 60)),
    ((50, 50), (41, 60)),
    ((1, 1), (0, 1)),
]


@pytest.mark.parametrize(("treated", "control"), PAIRS)
def test_rates_equal_statsmodels(treated: tuple[int, int], control: tuple[int, int]) -> None:
    found = compare(Proportion(*treated), Proportion(*control))

    low, high = confint_proportions_2indep(*treated, *control, method="newcomb", compare="diff")
    _, p_value = proportions_ztest(*zip(treated, control, strict=True))
    assert found.value == pytest.approx(treated[0] / treated[1] - control[0] / control[1])
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-9, abs=1e-12)
    assert found.p_value == pytest.approx(p_value, rel=1e-9)


@pytest.mark.parametrize("count", [(0, 30), (30, 30), (3, 30), (2262, 21306)])
def test_wilson_equals_statsmodels(count: tuple[int, int]) -> None:
    expected = proportion_confint(*count, method="wilson")
    assert Proportion(*count).wilson() == pytest.approx(expected, abs=1e-12)


def test_unpooled_standard_error_equals_the_walds_interval() -> None:
    found = compare(Proportion(3894, 21307), Proportion(2262, 21306))
    low, high = confint_proportions_2indep(3894, 21307, 2262, 21306, method="wald")
    assert found.standard_error == pytest.approx((high - low) / 2 / stats.norm.ppf(0.975))


def _sums(values: np.ndarray) -> Mean:
    return Mean(len(values), int(values.sum()), int((values**2).sum()))


def _spend(seed: int, people: int, share: float, cents: int) -> np.ndarray:
    draw = np.random.default_rng(seed)
    return (draw.random(people) < share) * draw.integers(1, cents, people)


def test_means_equal_statsmodels_and_scipy() -> None:
    treated, control = _spend(1, 4_000, 0.02, 50_000), _spend(2, 3_000, 0.01, 30_000)
    found = compare(_sums(treated), _sums(control))

    both = CompareMeans(DescrStatsW(treated), DescrStatsW(control))
    low, high = both.tconfint_diff(usevar="unequal")
    test = stats.ttest_ind(treated, control, equal_var=False)
    assert found.value == pytest.approx(treated.mean() - control.mean())
    assert (found.low, found.high) == pytest.approx((low, high))
    assert found.p_value == pytest.approx(test.pvalue)


def test_variance_of_large_sums_loses_nothing() -> None:
    # In floating point the two halves of the numerator would cancel to noise.
    values = np.array([10**9, 10**9 + 1, 10**9 + 2], dtype=object)
    found = Mean(3, int(values.sum()), int((values**2).sum()))
    assert found.variance == 1.0


def test_relative_lift_has_the_delta_methods_interval() -> None:
    found = compare(Proportion(3894, 21307), Proportion(2262, 21306))

    # The second way: the gradient of p1 / p0 by hand, and its covariance.
    p_1, p_0 = 3894 / 21307, 2262 / 21306
    gradient = np.array([1 / p_0, -p_1 / p_0**2])
    covariance = np.diag([p_1 * (1 - p_1) / 21307, p_0 * (1 - p_0) / 21306])
    error = math.sqrt(gradient @ covariance @ gradient)
    z = stats.norm.ppf(0.975)
    assert found.relative == pytest.approx(p_1 / p_0 - 1)
    assert found.relative_low == pytest.approx(p_1 / p_0 - 1 - z * error)
    assert found.relative_high == pytest.approx(p_1 / p_0 - 1 + z * error)


def test_a_control_of_zero_has_no_relative_lift() -> None:
    found = compare(Proportion(3, 100), Proportion(0, 100))
    assert (found.relative, found.relative_low, found.relative_high) == (None, None, None)
    assert found.low < 0.03 < found.high


@pytest.mark.parametrize("count", [0, 100])
def test_nobody_or_everybody_is_no_evidence(count: int) -> None:
    found = compare(Proportion(count, 100), Proportion(count, 100))
    assert found.p_value == 1.0
    assert found.low < 0 < found.high


def test_two_constants_differ_for_certain() -> None:
    assert compare(Mean(3, 6, 12), Mean(3, 3, 3)).p_value == 0.0
    assert compare(Mean(3, 6, 12), Mean(3, 6, 12)).p_value == 1.0


@pytest.mark.parametrize(("rate", "people"), [(0.005, 2_000), (0.1, 200), (0.5, 50)])
def test_intervals_hold_the_truth_as_often_as_they_say(rate: float, people: int) -> None:
    draw = np.random.default_rng(7)
    truth, times = 0.5 * rate, 1_000
    held = 0
    for treated, control in zip(
        draw.binomial(people, rate + truth, times), draw.binomial(people, rate, times), strict=True
    ):
        found = compare(Proportion(int(treated), people), Proportion(int(control), people))
        held += found.low <= truth <= found.high
    assert 0.93 <= held / times <= 0.98


counts = st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts, counts)
def test_swapping_the_arms_turns_the_interval_round(a: tuple[int, int], b: tuple[int, int]) -> None:
    there, back = compare(Proportion(*a), Proportion(*b)), compare(Proportion(*b), Proportion(*a))
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low), abs=1e-12)
    assert there.p_value == pytest.approx(back.p_value)
    assert -1 <= there.low <= there.value <= there.high <= 1
    assert 0 <= there.p_value <= 1


def test_sample_ratio_equals_scipy() -> None:
    people = {"none": 21306, "mens": 21307, "womens": 21387}
    found = sample_ratio(people, dict.fromkeys(people, 1 / 3))
    expected = stats.chisquare(list(people.values()))
    assert (found.chi_squared, found.p_value) == pytest.approx(tuple(expected))
    assert found.degrees == 2
    assert found.ok


def test_sample_ratio_of_unequal_shares() -> None:
    found = sample_ratio({"holdout": 130, "drop": 870}, {"holdout": 0.1, "drop": 0.9})
    expected = stats.chisquare([130, 870], [100, 900])
    assert found.p_value == pytest.approx(expected.pvalue)
    assert found.expected == pytest.approx({"holdout": 100, "drop": 900})


@pytest.mark.parametrize(("control", "ok"), [(5_000, True), (4_840, True), (4_830, False)])
def test_sample_ratio_blocks_below_one_in_a_thousand(control: int, *, ok: bool) -> None:
    people = {"control": control, "treated": 10_000 - control}
    found = sample_ratio(people, {"control": 0.5, "treated": 0.5})
    assert found.ok is ok
    assert found.ok == (stats.chisquare(list(people.values())).pvalue >= 0.001)


def test_an_empty_arm_counts() -> None:
    assert not sample_ratio({"a": 50, "b": 0}, {"a": 0.5, "b": 0.5}).ok


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Proportion(2, 1),
        lambda: Proportion(0, 0),
        lambda: Proportion(-1, 5),
        lambda: Mean(1, 1, 1),
        lambda: sample_ratio({"a": 1}, {"b": 1.0}),
    ],
)
def test_what_is_no_statistic_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"no proportion|no variance|probabilities"):
        wrong()  # type: ignore[operator]


def test_unlike_statistics_do_not_compare() -> None:
    with pytest.raises(TypeError, match="do not compare"):
        compare(Proportion(1, 2), Mean(2, 1, 1))
