from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from features.choice.envelope import steps
from features.choice.levels import ImpossibleError, levels
from features.choice.limits import Limits, Share
from features.choice.personal import choose
from features.choice.prices import bound
from features.choice.shared import choose_by_segment, choose_one
from tests.features.choice.exact import exact

ROUNDING = 1e-7


@st.composite
def programmes(draw: Any, most: int = 7, count: int = 3) -> tuple[Any, Any, float, Any]:
    """Effects, costs in whole coins, a budget and segments."""
    people, amounts = draw(st.integers(1, most)), draw(st.integers(1, count))
    values = draw(arrays(np.float64, (people, amounts), elements=st.integers(-20, 200).map(float)))
    rises = draw(arrays(np.int64, (people, amounts), elements=st.integers(1, 9)))
    costs = np.cumsum(rises, axis=1).astype(np.float64)
    budget = float(draw(st.integers(0, int(costs[:, -1].sum()) + 3)))
    groups = draw(arrays(np.int64, people, elements=st.integers(0, 2)))
    return values, costs, budget, groups


def rising(values: Any) -> Any:
    return np.maximum.accumulate(np.maximum(values, 0.0), axis=1)


def spent_by(found: Any, costs: Any, groups: Any) -> Any:
    rows = np.nonzero(found.levels)[0]
    return np.bincount(groups[rows], costs[rows, found.levels[rows] - 1], minlength=3)


@given(programmes())
def test_a_choice_keeps_the_budget_and_says_what_it_is_worth(given: Any) -> None:
    values, costs, budget, _ = given
    found = choose(values, costs, Limits(budget=budget))
    rows = np.nonzero(found.levels)[0]
    assert found.cost <= budget
    assert found.cost == costs[rows, found.levels[rows] - 1].sum()
    assert found.value == pytest.approx(rising(values)[rows, found.levels[rows] - 1].sum())
    assert found.people == len(rows)


@given(programmes())
def test_it_is_the_exact_one_within_one_person(given: Any) -> None:
    values, costs, budget, _ = given
    limits = Limits(budget=budget)
    found = choose(values, costs, limits)
    table = rising(values)
    whole = exact(table, costs, limits)
    fractions = exact(table, costs, limits, is_whole=False)
    assert whole is not None
    assert fractions is not None
    assert found.value <= whole + ROUNDING
    assert whole <= fractions + ROUNDING
    assert found.bound == pytest.approx(fractions, abs=ROUNDING)
    assert whole - found.value <= table.max(initial=0.0) + ROUNDING


@given(programmes(), st.integers(0, 30))
def test_more_budget_is_never_worth_less(given: Any, more: int) -> None:
    values, costs, budget, _ = given
    less = choose(values, costs, Limits(budget=budget))
    found = choose(values, costs, Limits(budget=budget + more))
    assert found.value >= less.value - ROUNDING
    assert found.bound >= less.bound - ROUNDING
    assert found.prices.coin <= less.prices.coin + ROUNDING


@given(programmes(), st.floats(0, 100), st.floats(0, 100))
def test_any_prices_bound_what_can_be_reached(given: Any, coin: float, person: float) -> None:
    values, costs, budget, _ = given
    found = choose(values, costs, Limits(budget=budget))
    limits = Limits(budget=budget, people_min=found.people)
    prices = type(found.prices)(coin=coin, segments=np.zeros(1), person=person)
    assert bound(levels(values, costs), limits, prices) >= found.value - ROUNDING


@settings(deadline=None)
@given(programmes(), st.floats(0, 0.4), st.floats(0.5, 1.0))
def test_shares_of_the_budget_are_kept_and_bounded(given: Any, least: float, most: float) -> None:
    values, costs, budget, groups = given
    limits = Limits(budget=budget, shares={0: Share(least=least), 1: Share(most=most)})
    table = rising(values)
    whole = exact(table, costs, limits, groups)
    try:
        found = choose(values, costs, limits, groups)
    except ImpossibleError:
        assume(False)
    spent = spent_by(found, costs, groups)
    assert spent.sum() <= budget
    assert spent[0] >= least * budget - ROUNDING
    assert spent[1] <= most * budget + ROUNDING
    assert whole is not None
    assert found.value <= whole + ROUNDING <= found.bound + 3 * ROUNDING


@settings(deadline=None)
@given(programmes(), st.integers(0, 7))
def test_a_least_reach_is_kept_or_refused_as_impossible(given: Any, people: int) -> None:
    values, costs, budget, _ = given
    limits = Limits(budget=budget, people_min=people)
    whole = exact(rising(values), costs, limits)
    if whole is None:
        with pytest.raises(ImpossibleError, match="people_min"):
            choose(values, costs, limits)
        return
    found = choose(values, costs, limits)
    assert found.people >= people
    assert found.cost <= budget
    assert found.value <= whole + ROUNDING <= found.bound + 3 * ROUNDING


@given(programmes())
def test_steps_are_those_of_the_envelope(given: Any) -> None:
    values, costs, _, _ = given
    table = levels(values, costs)
    found = steps(table)
    assert (np.diff(found.slope) <= 0).all()
    for person in range(len(values)):
        own = found.person == person
        hull = np.interp(
            costs[person],
            np.cumsum([0.0, *found.cost[own]]),
            np.cumsum([0.0, *(found.slope * found.cost)[own]]),
        )
        assert (hull >= table.values[person] - ROUNDING).all()
        touched = found.level[own].astype(int) - 1
        assert hull[touched] == pytest.approx(table.values[person, touched])


@settings(deadline=None)
@given(programmes(most=6))
def test_amounts_by_segment_are_the_best_of_all(given: Any) -> None:
    values, costs, budget, groups = given
    limits = Limits(budget=budget)
    found = choose_by_segment(values, costs, limits, groups)
    table = rising(values)
    for segment in range(3):
        used = set(found.choice.levels[groups == segment]) - {0}
        assert used <= {found.levels[segment]} if segment < len(found.levels) else not used
    best = 0.0
    for amounts in product(range(values.shape[1]), repeat=3):
        level = np.array(amounts)[groups]
        rows = np.arange(len(values))
        only = (table[rows, level][:, None], costs[rows, level][:, None])
        best = max(best, exact(*only, limits) or 0.0)
    assert found.choice.value <= best + ROUNDING <= found.choice.bound + 2 * ROUNDING
    assert best - found.choice.value <= table.max(initial=0.0) + ROUNDING
    assert choose_one(values, costs, limits).choice.value <= best + ROUNDING


def world(people: int, amounts: tuple[float, ...]) -> tuple[Any, Any, Any]:
    draws = np.random.default_rng(5)
    base, half = draws.gamma(1.0, 0.02, (people, 1)), draws.uniform(1, 15, (people, 1))
    given = np.array(amounts)
    values = base * (1 - np.exp(-given / half))
    costs = given * (0.2 + 0.6 * draws.random((people, 1)))
    return values, costs, draws.integers(0, 9, people)


def test_with_many_people_next_to_nothing_is_given_away() -> None:
    values, costs, groups = world(20_000, (1, 2, 5, 10, 20))
    shares = {0: Share(least=0.3), 1: Share(most=0.01)}
    for limits in (
        Limits(budget=9_000.0),
        Limits(budget=9_000.0, shares=shares),
        Limits(budget=9_000.0, people_min=14_000),
        Limits(budget=9_000.0, people_min=12_000, shares=shares),
    ):
        found = choose(values, costs, limits, groups)
        assert 0 <= found.gap < 0.001
        assert found.people >= limits.people_min
        assert limits.budget * 0.999 < found.cost <= limits.budget
    # Nine segments of five amounts are more than are tried one by one.
    several = choose_by_segment(values, costs, Limits(budget=9_000.0), groups)
    assert 0 <= several.choice.gap < 0.01
    one = choose_one(values, costs, Limits(budget=9_000.0))
    assert (
        one.choice.value
        <= several.choice.value
        <= choose(values, costs, Limits(budget=9_000.0)).bound
    )


def test_where_everyone_fits_a_coin_has_no_price() -> None:
    values, costs, _ = world(1_000, (1, 2))
    found = choose(values, costs, Limits(budget=10**6))
    assert (found.people, found.prices.coin, found.gap) == (1_000, 0.0, 0.0)
    assert choose(np.zeros((0, 2)), np.zeros((0, 2)), Limits(budget=1.0)).people == 0


@pytest.mark.parametrize(
    ("values", "costs", "limits", "words"),
    [
        ([1.0], [1.0], {}, "a row per person"),
        ([[np.nan]], [[1.0]], {}, "not all numbers"),
        ([[1.0, 2.0]], [[2.0, 2.0]], {}, "do not rise"),
        ([[1.0]], [[0.0]], {}, "from above 0"),
        ([[1.0]], [[1.0]], {"people_min": 2}, "reaches 1 people at most, not 2"),
        ([[1.0]], [[1.0]], {"shares": {0: Share(least=0.5)}}, "without segments"),
        ([[1.0]], [[1.0]], {"budget": -1.0}, "budget: -1"),
        ([[1.0]], [[1.0]], {"shares": {0: Share(least=0.5, most=0.4)}}, "0.5 to 0.4"),
        ([[1.0]], [[1.0]], {"shares": {n: Share(least=0.6) for n in (0, 1)}}, "add up to 1.2"),
    ],
)
def test_what_is_impossible_is_said(values: Any, costs: Any, limits: Any, words: str) -> None:
    with pytest.raises(ImpossibleError) as refused:
        choose(values, costs, Limits(**{"budget": 10.0} | limits))
    assert words in refused.value.message


def test_a_segment_that_can_not_use_its_share_is_named() -> None:
    limits = Limits(budget=10.0, shares={1: Share(least=0.9)})
    with pytest.raises(ImpossibleError, match="segment 1 can use 2 coins"):
        choose([[1.0], [1.0]], [[2.0], [2.0]], limits, [0, 1])
