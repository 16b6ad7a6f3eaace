"""Nadeau and Bengio's correction, by hand and by its false alarms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from features.statistics.repeated import corrected


def test_by_hand() -> None:
    found = corrected(np.array([0.1, 0.3, 0.2, 0.4, 0.0]), 1 / 4)
    error = math.sqrt(0.025 * (1 / 5 + 1 / 4))
    assert (found.mean, found.standard_error) == pytest.approx((0.2, error))
    assert found.t == pytest.approx(0.2 / error)
    half = stats.t.ppf(0.975, 4) * error
    assert (found.low, found.high) == pytest.approx((0.2 - half, 0.2 + half))
    assert found.p_value == pytest.approx(2 * stats.t.sf(0.2 / error, 4))


def test_without_shared_people_it_is_the_paired_t_test() -> None:
    values = np.random.default_rng(1).normal(0.3, 1, 12)
    expected = stats.ttest_1samp(values, 0)
    found = corrected(values, 0.0)
    assert (found.t, found.p_value) == pytest.approx((expected.statistic, expected.pvalue))


def test_no_difference_anywhere_is_certain() -> None:
    same = corrected(np.zeros(5), 0.25)
    assert (same.t, same.p_value, same.low, same.high) == (0, 1, 0, 0)
    apart = corrected(np.full(5, -0.5), 0.25)
    assert (apart.t, apart.p_value, apart.low) == (-math.inf, 0, -0.5)
