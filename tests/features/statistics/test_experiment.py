"""Means, and what lacks too much to be compared; rates are in `test_score.py`."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from features.statistics.arms import Mean, Proportion
from features.statistics.experiment import compare, lack


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


def test_fiellers_interval_is_what_the_t_statistic_does_not_reject() -> None:
    """The second way: at either end the treated mean less the control's share is t from zero."""
    treated, control = _spend(1, 4_000, 0.02, 50_000), _spend(2, 3_000, 0.01, 30_000)
    found = compare(_sums(treated), _sums(control))
    both = CompareMeans(DescrStatsW(treated), DescrStatsW(control))
    bound = stats.t.ppf(0.975, both.dof_satt())
    assert found.relative == pytest.approx(treated.mean() / control.mean() - 1)
    assert found.relative_high is not None
    for end in (found.relative_low, found.relative_high):
        ratio = 1 + end
        error = math.sqrt(treated.var(ddof=1) / 4_000 + ratio**2 * control.var(ddof=1) / 3_000)
        assert abs(treated.mean() - ratio * control.mean()) / error == pytest.approx(bound)


def test_a_control_mean_that_may_be_zero_has_a_lift_without_upper_end() -> None:
    one_buyer = Mean(100, 500, 250_000)
    found = compare(Mean(100, 50_000, 30_000_000), one_buyer)
    assert found.low > 0
    assert found.relative_low > 0
    assert found.relative_high is None


def test_variance_of_large_sums_loses_nothing() -> None:
    # In floating point the two halves of the numerator would cancel to noise.
    values = np.array([10**9, 10**9 + 1, 10**9 + 2], dtype=object)
    found = Mean(3, int(values.sum()), int((values**2).sum()))
    assert found.variance == 1.0


people = st.lists(st.integers(0, 100_000), min_size=2, max_size=40)


@given(people, people)
def test_both_intervals_of_means_agree_about_zero(a: list[int], b: list[int]) -> None:
    treated, control = _sums(np.array(a)), _sums(np.array(b))
    assume(treated.variance and control.variance)
    found = compare(treated, control)
    above = found.low > 0 or found.high < 0
    beyond = found.relative_low > 0 or (found.relative_high is not None and found.relative_high < 0)
    assume(abs(found.p_value - 0.05) > 1e-9)
    assert above == beyond == (found.p_value < 0.05)
    assert found.relative_low >= -1
    assert found.low < found.value < found.high
    assert found.relative is not None
    assert found.relative_low <= found.relative
    assert found.relative_high is None or found.relative <= found.relative_high


@pytest.mark.parametrize(
    ("arm", "lacking"),
    [
        (Mean(2, 200, 20_000), "people"),  # 100 each: no width
        (Mean(9, 600, 60_000), "people"),
        (Mean(2, 0, 0), "people"),
        (Mean(5_000, 0, 0), "sum"),
        (Mean(10, 1_000, 100_000), "spread"),
        (Mean(5_000, 900, 90_000), "carriers"),  # nine people, 100 each
        (Mean(5_000, 10_000, 50_000_000), "carriers"),  # two of 5,000
        # One of a million cents hides all the others.
        (Mean(5_000, 1_010_000, 10**12 + 10**6), "carriers"),
        (Mean(5_000, 1_000, 100_000), None),
        (Mean(20, 3_000, 500_000), None),
    ],
)
def test_what_an_arm_lacks(arm: Mean, lacking: str | None) -> None:
    assert lack(arm) == lacking


def test_without_spread_there_is_no_interval() -> None:
    varied = Mean(3, 6, 14)
    for arms in ((Mean(3, 6, 12), Mean(3, 3, 3)), (varied, Mean(3, 3, 3)), (Mean(3, 3, 3), varied)):
        with pytest.raises(ValueError, match="without spread"):
            compare(*arms)


@pytest.mark.parametrize(("people", "holdout", "share"), [(900, 300, 0.2), (200, 200, 0.3)])
def test_intervals_of_means_hold_the_truth_as_often_as_they_say(
    people: int, holdout: int, share: float
) -> None:
    draw = np.random.default_rng(12)
    times, held = 600, np.zeros(2)
    mean = math.exp(0.125)  # of a logarithmic normal with a deviation of a half
    for _ in range(times):
        treated = (draw.random(people) < share) * draw.lognormal(0, 0.5, people) * 1.2
        control = (draw.random(holdout) < share) * draw.lognormal(0, 0.5, holdout)
        arms = [Mean(len(one), one.sum(), (one**2).sum()) for one in (treated, control)]
        found = compare(*arms)
        assert found.relative_high is not None
        held += (
            found.low <= 0.2 * share * mean <= found.high,
            found.relative_low <= 0.2 <= found.relative_high,
        )
    assert (held / times >= 0.93).all(), held / times


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Proportion(2, 1),
        lambda: Proportion(0, 0),
        lambda: Proportion(-1, 5),
        lambda: Mean(1, 1, 1),
        lambda: Mean(3, -1, 1),
    ],
)
def test_what_is_no_statistic_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"not a proportion|no variance|not a sum"):
        wrong()  # type: ignore[operator]


def test_unlike_statistics_do_not_compare() -> None:
    with pytest.raises(TypeError, match="cannot be compared"):
        compare(Proportion(1, 2), Mean(2, 1, 1))
