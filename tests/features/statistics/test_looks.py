"""Looks on the way: bounds by other integrals, confidence sequences by inversion."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from features.statistics import always_valid
from features.statistics.group_sequential import information, looks, spent
from features.statistics.sample_ratio import sequential

SHARES = st.lists(st.floats(0.02, 1), min_size=2, max_size=6, unique=True).map(sorted)


def test_the_bounds_of_lan_and_demets() -> None:
    """Five even looks with O'Brien-Fleming-like spending, as their program prints them."""
    found = looks([0.2, 0.4, 0.6, 0.8, 1.0], 0.025, "obrien-fleming", one_sided=True)
    expected = [4.8769, 3.3569, 2.6803, 2.2898, 2.0310]
    assert [look.bound for look in found] == pytest.approx(expected, abs=2e-4)


@pytest.mark.parametrize("one_sided", [False, True])
def test_all_looks_together_spend_alpha(*, one_sided: bool) -> None:
    """A second way: the normal distribution of all scores at once."""
    shares = [0.15, 0.5, 0.6]
    found = looks(shares, 0.05, one_sided=one_sided)
    upper = np.array([look.bound for look in found])
    lower = np.full(3, -np.inf) if one_sided else -upper
    times = np.array(shares)
    together = np.sqrt(np.minimum.outer(times, times) / np.maximum.outer(times, times))
    for until in range(1, 4):
        normal = stats.multivariate_normal(cov=together[:until, :until], abseps=1e-6, releps=1e-6)
        inside = normal.cdf(upper[:until], lower_limit=lower[:until], rng=np.random.default_rng(1))
        assert 1 - inside == pytest.approx(found[until - 1].spent, abs=2e-5)
    assert found[-1].spent == pytest.approx(0.05 * 0.6**2)


def test_one_look_at_the_end_is_the_ordinary_test() -> None:
    (found,) = looks([1.0], 0.05)
    assert found.bound == pytest.approx(stats.norm.isf(0.025))
    assert found.nominal_alpha == pytest.approx(0.05)


@given(SHARES)
def test_a_look_never_changes_those_before(shares: list[float]) -> None:
    bounds = [look.bound for look in looks(shares)[:-1]]
    assert bounds == pytest.approx([look.bound for look in looks(shares[:-1])], abs=1e-6)


@given(SHARES)
def test_the_unit_of_the_information_does_not_matter(shares: list[float]) -> None:
    one, other = looks(shares), looks(shares, seen=[share * 3_000 for share in shares])
    assert [a.bound for a in one] == pytest.approx([b.bound for b in other], rel=1e-6)


def test_a_look_at_nothing_new_is_the_one_before() -> None:
    found = looks([0.2, 0.4, 0.6], seen=[10, 10, 30])
    assert found[1].bound == found[0].bound
    assert found[2].spent == pytest.approx(spent(0.6))


def test_alpha_that_is_spent_is_spent() -> None:
    found = looks([0.5, 1.0, 1.0], seen=[1, 2, 3])
    assert math.isinf(found[2].bound)
    assert found[2].nominal_alpha == 0


def test_people_beyond_the_planned_are_the_whole() -> None:
    assert information([250, 450], 300) == (250 / 450, 1.0)
    assert information([150], 300) == (0.5,)
    with pytest.raises(ValueError, match="must grow"):
        information([2, 1], 300)
    with pytest.raises(ValueError, match="must grow"):
        looks([0.5, 0.2])


@pytest.mark.parametrize("alpha", [0.05, 0.01])
@pytest.mark.parametrize("people", [200, 5_000, 10**6])
def test_a_confidence_sequence_is_tightest_where_it_was_tuned(people: int, alpha: float) -> None:
    def width(rho2: float) -> float:
        return always_valid.multiplier(people, rho2, alpha)

    best = always_valid.rho_squared(people, alpha, exact=True)
    assert width(best) < min(width(best * 1.05), width(best / 1.05))
    near = width(always_valid.rho_squared(people, alpha))
    assert near == pytest.approx(width(best), rel=2e-4)


@given(st.floats(0, 40), st.integers(2, 10**7), st.integers(100, 10**6))
def test_p_is_below_alpha_just_where_the_interval_leaves_zero(
    z: float, people: int, tuning: int
) -> None:
    rho2 = always_valid.rho_squared(tuning)
    for one_sided, log_p in ((False, always_valid.log_p), (True, always_valid.log_p_greater)):
        half = always_valid.multiplier(people, rho2, one_sided=one_sided)
        assume(abs(z - half) > 1e-9)
        assert (log_p(z, people, rho2) < math.log(0.05)) == (z > half)


def test_a_tiny_p_keeps_its_logarithm() -> None:
    assert always_valid.log_p(80, 10_000, 1e-3) < -2_000
    assert always_valid.log_p_greater(80, 10_000, 1e-3) < -2_000
    assert always_valid.log_p_greater(-3, 10_000, 1e-3) == 0


def test_the_nominal_level_is_that_of_the_bound() -> None:
    rho2 = always_valid.rho_squared(5_000)
    level = always_valid.nominal_alpha(2_000, rho2)
    assert stats.norm.isf(level / 2) == pytest.approx(always_valid.multiplier(2_000, rho2))


def test_few_people_have_no_end_yet() -> None:
    assert math.isinf(always_valid.t_radius(2, 1, 100))
    found = [always_valid.t_radius(n, n - 2, 100) for n in (20, 50, 200)]
    plain = [always_valid.multiplier(n, 1 / 100) for n in (20, 50, 200)]
    assert all(wide > narrow for wide, narrow in zip(found, plain, strict=True))


def test_a_split_that_stays_even_is_never_doubted() -> None:
    days = [{"a": 100 * day + day % 3, "b": 100 * day} for day in range(1, 40)]
    assert min(sequential(days, {"a": 0.5, "b": 0.5})) > 0.5


def test_a_split_that_is_off_is_found_and_stays_found() -> None:
    days = [{"a": 530 * day, "b": 470 * day} for day in range(1, 15)]
    found = sequential([*days, {"a": 10_000, "b": 10_000}], {"a": 1.0, "b": 1.0})
    assert found[0] > 0.001 > found[-2]
    assert found[-1] == found[-2]
    assert list(found) == sorted(found, reverse=True)


def test_the_sequential_p_is_the_ratio_of_two_chances() -> None:
    """By scipy: the binomial over the beta-binomial."""
    (found,) = sequential([{"a": 60, "b": 30}], {"a": 0.5, "b": 0.5}, concentration=100)
    expected = stats.binom.pmf(60, 90, 0.5) / stats.betabinom.pmf(60, 90, 50, 50)
    assert found == pytest.approx(expected)


def test_a_split_of_other_arms_is_refused() -> None:
    with pytest.raises(ValueError, match="probabilities"):
        sequential([{"a": 1}], {"b": 1.0})
