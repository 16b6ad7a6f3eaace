"""Rates: every bound a second way, and the promises that hold for all counts."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

from features.statistics.arms import Proportion
from features.statistics.experiment import Difference, compare
from features.statistics.score import Z, difference_interval, p_value, ratio_interval

# (successes, trials) of the treated and the control arm: Hillstrom's, and the awkward ends.
PAIRS = [
    ((3894, 21307), (2262, 21306)),
    ((189, 21387), (122, 21306)),
    ((7, 34), (1, 34)),
    ((0, 50), (9, 60)),
    ((50, 50), (41, 60)),
    ((0, 5), (1, 5)),
    ((5, 5), (0, 5)),
    ((0, 5), (0, 5)),
    ((5, 5), (5, 5)),
    ((1, 1), (0, 1)),
    ((1, 3), (900, 1000)),
]
Count = tuple[int, int]


def of(treated: Count, control: Count) -> Difference:
    return compare(Proportion(*treated), Proportion(*control))


def rejects(treated: Count, control: Count, difference: float) -> bool:
    """Say whether the score statistic rejects a difference.

    The likeliest rates are sought among very many, not by the slope as the program does.
    """
    (x_1, n_1), (x_0, n_0) = treated, control
    rates = np.linspace(max(0.0, -difference), min(1.0, 1 - difference), 100_001)
    shifted = np.clip(rates + difference, 0, 1)
    likely = stats.binom.logpmf(x_1, n_1, shifted) + stats.binom.logpmf(x_0, n_0, rates)
    best = int(np.argmax(likely))
    p_1, p_0 = shifted[best], rates[best]
    n = n_1 + n_0
    error = math.sqrt((p_1 * (1 - p_1) / n_1 + p_0 * (1 - p_0) / n_0) * n / (n - 1))
    return bool(abs(x_1 / n_1 - x_0 / n_0 - difference) > Z * error)


@pytest.mark.parametrize(("treated", "control"), PAIRS)
def test_the_difference_interval_is_what_the_statistic_does_not_reject(
    treated: Count, control: Count
) -> None:
    low, high = difference_interval(Proportion(*treated), Proportion(*control))
    step = (high - low) / 100
    places = {low - step: True, low + step: False, high - step: False, high + step: True}
    for place, rejected in places.items():
        if -1 < place < 1:
            assert rejects(treated, control, place) is rejected


@pytest.mark.parametrize(("treated", "control"), PAIRS)
def test_the_ratio_interval_is_statsmodels(treated: Count, control: Count) -> None:
    low, high = ratio_interval(Proportion(*treated), Proportion(*control))
    # At the ends statsmodels divides by zero, or ends its search too early.
    if treated[0] and control[0] and (treated[0], control[0]) != (treated[1], control[1]):
        expected = confint_proportions_2indep(
            *treated, *control, method="score", compare="ratio", correction=True
        )
        assert (low, high) == pytest.approx(expected, rel=1e-6)
    assert low >= 0
    assert (low == 0) == (treated[0] == 0)
    assert (high is None) == (control[0] == 0)


@pytest.mark.parametrize(("treated", "control"), PAIRS)
def test_the_p_value_is_the_pooled_z_tests(treated: Count, control: Count) -> None:
    found = p_value(Proportion(*treated), Proportion(*control))
    if (treated[0] + control[0]) in (0, treated[1] + control[1]):
        assert found == 1
        return
    z, _ = proportions_ztest(*zip(treated, control, strict=True))
    n = treated[1] + control[1]
    assert found == pytest.approx(2 * stats.norm.sf(abs(z) * math.sqrt((n - 1) / n)), rel=1e-9)


def test_none_of_five_against_one_of_five() -> None:
    found = of((0, 5), (1, 5))
    assert (found.low, found.high) == pytest.approx((-0.6427, 0.3161), abs=1e-4)
    assert found.relative == -1
    assert found.relative_low == -1
    assert found.relative_high == pytest.approx(2.6564, abs=1e-4)
    assert found.p_value == pytest.approx(0.3173, abs=1e-4)


def test_a_control_of_nobody_has_a_lift_without_upper_end() -> None:
    found = of((9, 100), (0, 100))
    assert (found.relative, found.relative_high) == (None, None)
    assert found.low > 0
    assert found.relative_low > 0


def agree(treated: Count, control: Count) -> None:
    """All that must hold for any counts."""
    found = of(treated, control)
    above = found.low > 0 or found.high < 0
    beyond = found.relative_low > 0 or (found.relative_high is not None and found.relative_high < 0)
    assert above == beyond == (found.p_value < 0.05)
    assert -1 <= found.low <= found.value <= found.high <= 1
    assert found.relative_low >= -1
    assert found.low < found.high
    if found.relative is not None:
        assert found.relative_high is not None
        # A hair: a ratio and one less, and back, are rounded.
        assert found.relative_low - 1e-12 <= found.relative <= found.relative_high + 1e-12
        assert found.relative_low < found.relative_high
    assert found.standard_error != 0


def test_small_counts_agree_all_of_them() -> None:
    for n_1, n_0 in itertools.product((1, 2, 3, 5, 9), (1, 2, 4, 10)):
        for x_1, x_0 in itertools.product(range(n_1 + 1), range(n_0 + 1)):
            agree((x_1, n_1), (x_0, n_0))


counts = st.integers(1, 10**6).flatmap(
    lambda n: st.tuples(st.one_of(st.integers(0, n), st.integers(0, min(n, 9))), st.just(n))
)


@given(counts, counts)
def test_counts_of_any_size_agree(treated: Count, control: Count) -> None:
    agree(treated, control)


@given(counts, counts)
def test_swapping_the_arms_turns_the_interval_round(a: Count, b: Count) -> None:
    there, back = of(a, b), of(b, a)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low), abs=1e-12)
    assert there.p_value == pytest.approx(back.p_value)


@pytest.mark.parametrize(
    ("people", "holdout", "rate", "rise"),
    [(40, 40, 0.1, 0.0), (90, 10, 0.05, 0.1), (450, 50, 0.02, 0.02), (20, 20, 0.5, 0.3)],
)
def test_both_intervals_hold_the_truth_as_often_as_they_say(
    people: int, holdout: int, rate: float, rise: float
) -> None:
    draw = np.random.default_rng(12)
    times, held = 1_000, np.zeros(2)
    more, less = draw.binomial(people, rate + rise, times), draw.binomial(holdout, rate, times)
    for treated, control in zip(more, less, strict=True):
        found = of((int(treated), people), (int(control), holdout))
        most = math.inf if found.relative_high is None else found.relative_high
        held += (found.low <= rise <= found.high, found.relative_low <= rise / rate <= most)
    assert (held / times >= 0.93).all(), held / times
