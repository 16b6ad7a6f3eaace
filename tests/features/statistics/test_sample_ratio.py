"""The split against the probabilities, by scipy's tests and by counting splits a second way."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from features.statistics.sample_ratio import DRAWS, sample_ratio


def test_where_many_are_expected_it_is_chi_squared() -> None:
    people = {"none": 21306, "mens": 21307, "womens": 21387}
    found = sample_ratio(people, dict.fromkeys(people, 1 / 3))
    expected = stats.chisquare(list(people.values()))
    assert (found.chi_squared, found.p_value) == pytest.approx(tuple(expected))
    assert (found.degrees, found.method) == (2, "chi-squared")
    assert found.ok


def test_unequal_shares() -> None:
    found = sample_ratio({"holdout": 130, "drop": 870}, {"drop": 0.9, "holdout": 0.1})
    expected = stats.chisquare([130, 870], [100, 900])
    assert found.p_value == pytest.approx(expected.pvalue)
    assert found.expected == pytest.approx({"holdout": 100, "drop": 900})


@pytest.mark.parametrize(("control", "ok"), [(5_000, True), (4_840, True), (4_830, False)])
def test_it_blocks_below_one_in_a_thousand(control: int, *, ok: bool) -> None:
    people = {"control": control, "treated": 10_000 - control}
    found = sample_ratio(people, {"control": 0.5, "treated": 0.5})
    assert found.ok is ok
    assert found.ok == (stats.chisquare(list(people.values())).pvalue >= 0.001)


def test_eighteen_and_two_pass() -> None:
    """By chi-squared, two where a tenth is expected would have p = 1.7e-9."""
    found = sample_ratio({"drop": 18, "holdout": 2}, {"drop": 0.995, "holdout": 0.005})
    assert found.p_value == pytest.approx(1 - 0.995**20 - 20 * 0.005 * 0.995**19)
    assert found.p_value == pytest.approx(0.0045, abs=5e-5)
    assert (found.ok, found.method) == (True, "exact")


def test_fifteen_where_six_are_expected_pass_too() -> None:
    found = sample_ratio({"drop": 2_985, "holdout": 15}, {"drop": 0.998, "holdout": 0.002})
    assert stats.chisquare([2_985, 15], [2_994, 6]).pvalue < 0.001
    assert found.p_value == pytest.approx(stats.binomtest(15, 3_000, 0.002).pvalue)
    assert found.ok


def test_a_small_arm_that_is_far_too_full_is_blocked() -> None:
    assert not sample_ratio({"drop": 16, "holdout": 4}, {"drop": 0.995, "holdout": 0.005}).ok


def test_an_empty_arm_counts() -> None:
    assert not sample_ratio({"a": 50, "b": 0}, {"a": 0.5, "b": 0.5}).ok
    assert sample_ratio({"a": 5, "b": 0}, {"a": 0.5, "b": 0.5}).ok


def test_probabilities_that_do_not_add_to_one_are_shares() -> None:
    found = sample_ratio({"a": 700, "b": 700, "c": 700}, dict.fromkeys("abc", 0.33))
    assert found.expected == pytest.approx(dict.fromkeys("abc", 700))
    assert found.p_value == pytest.approx(1)


@pytest.mark.parametrize(("people", "shares"), [((), ()), ((0, 0), (0.5, 0.5)), ((5,), (0.2,))])
def test_no_split_is_no_mismatch(people: tuple[int, ...], shares: tuple[float, ...]) -> None:
    if not people:
        with pytest.raises(ValueError, match="probabilities"):
            sample_ratio({}, {})
        return
    arms = "ab"[: len(people)]
    found = sample_ratio(dict(zip(arms, people, strict=True)), dict(zip(arms, shares, strict=True)))
    assert found.p_value == 1


def _counted(people: tuple[int, ...], shares: tuple[float, ...]) -> float:
    """Return the chance of all splits that are no likelier: every one, by the definition."""
    total = sum(people)

    def chance(split: tuple[int, ...]) -> float:
        ways, left = 1, total
        for count in split:
            ways *= math.comb(left, count)
            left -= count
        return ways * math.prod(share**count for share, count in zip(shares, split, strict=True))

    splits = [s for s in itertools.product(range(total + 1), repeat=len(people)) if sum(s) == total]
    return math.fsum(c for c in map(chance, splits) if c <= chance(people) * (1 + 1e-7))


@given(
    st.lists(st.integers(0, 4), min_size=2, max_size=4),
    st.lists(st.integers(1, 9), min_size=4, max_size=4),
)
def test_few_people_are_counted_exactly(people: list[int], weights: list[int]) -> None:
    weights = weights[: len(people)]
    shares = tuple(weight / sum(weights) for weight in weights)
    found = sample_ratio(dict(enumerate(people)), dict(enumerate(shares)))  # type: ignore[arg-type]
    assert found.method == "exact"
    assert found.p_value == pytest.approx(_counted(tuple(people), shares))


def test_too_many_splits_are_drawn_for() -> None:
    people = {"a": 9_990, "b": 5, "c": 3, "d": 2}
    shares = {"a": 0.9997, "b": 0.0001, "c": 0.0001, "d": 0.0001}
    found = sample_ratio(people, shares)
    assert found.method == "drawn"
    assert found == sample_ratio(people, shares)
    # The rest hardly binds the three small arms: they are three Poissons of one each.
    rates = [stats.poisson.pmf(range(15), 1)] * 3
    grid = np.einsum("i,j,k->ijk", *rates)
    expected = grid[grid <= grid[5, 3, 2] * (1 + 1e-7)].sum()
    assert found.p_value == pytest.approx(expected, abs=4 * math.sqrt(expected / DRAWS))


def test_unlike_arms_are_refused() -> None:
    with pytest.raises(ValueError, match="probabilities"):
        sample_ratio({"a": 1}, {"b": 1.0})
