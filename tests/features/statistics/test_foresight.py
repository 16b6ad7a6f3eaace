"""What is foreseen is what simulated experiments find by the tests that lift uses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.statistics.arms import Mean, Proportion
from features.statistics.contrast import ALPHA, degrees, upper_quantile
from features.statistics.experiment import compare
from features.statistics.foresight import Means, Rates, power, smallest_rise
from features.statistics.score import z_of_no_difference

TIMES = 40_000  # so that a share is known within half a point
ARMS = [(450, 50, 0.054), (9_000, 1_000, 0.054), (150, 50, 0.21), (50, 450, 0.05), (300, 300, 0.5)]
READ = [(ALPHA, 1.0), (ALPHA, 1.14), (ALPHA / 2, 1.0)]


def rates_found(arms: Rates, rise: float, alpha: float, widening: float) -> float:
    """Return how often the score test, with its factor N / (N - 1), finds the rise."""
    draw = np.random.default_rng(7)
    n_1, n_0 = arms.treated, arms.control
    more = draw.binomial(n_1, arms.base + rise, TIMES)
    less = draw.binomial(n_0, arms.base, TIMES)
    pooled = (more + less) / (n_1 + n_0)
    people = n_1 + n_0
    error = np.sqrt(pooled * (1 - pooled) * (1 / n_1 + 1 / n_0) * people / (people - 1))
    z = (more / n_1 - less / n_0) / error
    of_product = z_of_no_difference(Proportion(int(more[0]), n_1), Proportion(int(less[0]), n_0))
    assert z[0] == pytest.approx(of_product)
    return float(np.mean(z > upper_quantile(alpha / 2) * widening))


@pytest.mark.parametrize(("alpha", "widening"), READ)
@pytest.mark.parametrize(("treated", "control", "base"), ARMS)
def test_rates_are_found_as_often_as_foreseen(
    treated: int, control: int, base: float, alpha: float, widening: float
) -> None:
    arms = Rates(base, treated, control)
    rise = smallest_rise(arms, 0.8, alpha, widening)
    assert rise is not None
    assert rates_found(arms, rise, alpha, widening) == pytest.approx(0.8, abs=0.02)
    half = power(arms, rise / 2, alpha, widening)
    assert rates_found(arms, rise / 2, alpha, widening) == pytest.approx(half, abs=0.025)


def test_the_rise_of_unequal_arms_is_not_that_of_equal_variances() -> None:
    """450 against 50 at 5.4 %: +9.44 points, as if rates did not spread more, is missed mostly."""
    arms = Rates(0.054, 450, 50)
    assert rates_found(arms, 0.0944, ALPHA, 1.0) < 0.5
    assert power(arms, 0.0944) < 0.5
    assert smallest_rise(arms) == pytest.approx(0.1444, abs=0.0001)
    assert smallest_rise(arms, widening=1.14) == pytest.approx(0.1655, abs=0.0001)


def means_found(arms: Means, rise: float, widening: float) -> float:
    """Return how often Welch's t test finds the rise of gamma-distributed values."""
    draw = np.random.default_rng(11)
    shape, lift = arms.mean**2 / arms.variance, 1 + rise / arms.mean
    scale = arms.mean / shape
    more = draw.gamma(shape, scale * lift, (2_000, arms.treated))
    less = draw.gamma(shape, scale, (2_000, arms.control))
    parts = more.var(1, ddof=1) / arms.treated, less.var(1, ddof=1) / arms.control
    t = (more.mean(1) - less.mean(1)) / np.sqrt(sum(parts))
    first = [Mean(len(x), float(x.sum()), float((x * x).sum())) for x in (more[0], less[0])]
    told = compare(first[0], first[1])
    assert told.value / (told.standard_error or 1) == pytest.approx(t[0])
    bounds = [
        upper_quantile(ALPHA / 2, degrees((one, arms.treated), (other, arms.control)))
        for one, other in zip(*parts, strict=True)
    ]
    return float(np.mean(t > np.array(bounds) * widening))


@pytest.mark.parametrize("widening", [1.0, 1.14])
@pytest.mark.parametrize(("treated", "control"), [(450, 150), (300, 300), (150, 450)])
def test_means_are_found_as_often_as_foreseen(treated: int, control: int, widening: float) -> None:
    arms = Means(10.0, 25.0, treated, control)
    rise = smallest_rise(arms, 0.8, ALPHA, widening)
    assert rise is not None
    assert means_found(arms, rise, widening) == pytest.approx(0.8, abs=0.05)
    half = power(arms, rise / 2, ALPHA, widening)
    assert means_found(arms, rise / 2, widening) == pytest.approx(half, abs=0.05)


people = st.integers(20, 10**6)


@given(
    st.one_of(
        st.builds(Rates, st.floats(0.01, 0.95), people, people),
        st.builds(Means, st.floats(0.1, 50), st.floats(0.1, 5000), people, people),
    ),
    st.floats(0.2, 0.99),
    st.floats(1.0, 1.5),
)
def test_the_smallest_rise_has_its_power_or_is_none(
    arms: Rates | Means, target: float, widening: float
) -> None:
    found = smallest_rise(arms, target, ALPHA, widening)
    if found is None:
        assert power(arms, arms.most, ALPHA, widening) <= target
        return
    assert 0 < found <= arms.most
    assert power(arms, found, ALPHA, widening) == pytest.approx(target, abs=1e-4)
    assert power(arms, found / 2, ALPHA, widening) < target


def test_a_rise_beyond_everybody_is_that_to_everybody() -> None:
    arms = Rates(0.6, 100, 100)
    assert power(arms, 5.0) == power(arms, 0.4)
    assert smallest_rise(Rates(0.6, 2, 2)) is None
    assert smallest_rise(Means(1.0, 400.0, 2, 2)) is None
