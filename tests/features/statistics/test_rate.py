"""RATE against its definition, share by share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.statistics.rate import Weighting, rate, rates

if TYPE_CHECKING:
    from numpy.typing import NDArray

PEOPLE = st.lists(st.tuples(st.floats(-9, 9), st.integers(0, 3)), min_size=1, max_size=12)


def by_definition(effects: NDArray, priorities: NDArray, weighting: Weighting) -> float:
    """Return the mean over shares of TOC, or of the share times TOC."""
    shared = np.array([effects[priorities == one].mean() for one in priorities])
    ranked = shared[np.argsort(-priorities, kind="stable")]
    n = len(ranked)
    toc = [ranked[:j].mean() - ranked.mean() for j in range(1, n + 1)]
    weights = np.arange(1, n + 1) / n if weighting == "qini" else np.ones(n)
    return float(np.mean(weights * toc))


@pytest.mark.parametrize("weighting", ["autoc", "qini"])
@given(people=PEOPLE)
def test_the_closed_form_is_the_definition_with_ties(
    people: list[tuple[float, int]], weighting: Weighting
) -> None:
    effects, priorities = (np.array(one, dtype=float) for one in zip(*people, strict=True))
    expected = by_definition(effects, priorities, weighting)
    assert rate(effects, priorities, weighting) == pytest.approx(expected, abs=1e-12)
    later = rate(effects[::-1], np.exp(priorities[::-1]), weighting)
    assert later == pytest.approx(expected, abs=1e-12)  # only the order of priorities counts
    assert rate(effects + 5, priorities, weighting) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("weighting", ["autoc", "qini"])
def test_a_rule_that_knows_nothing_is_0_and_a_reversed_one_the_opposite(
    weighting: Weighting,
) -> None:
    effects = np.arange(100.0)
    assert rate(effects, np.zeros(100), weighting) == pytest.approx(0, abs=1e-12)
    assert rate(effects, effects, weighting) > 0 > rate(effects, -effects, weighting)


def test_the_half_sample_error_is_that_of_a_weighted_sum() -> None:
    draw = np.random.default_rng(3)
    n = 2_000
    effects, priorities = draw.normal(size=n), draw.random(n)
    found = rates(effects, {"rule": priorities}, "qini")
    place = np.arange(1, n + 1)
    weights = ((n - place + 1) / n - (n + 1) / (2 * n)) / n
    expected = math.sqrt(float(weights @ weights))
    assert found.single["rule"].value == rate(effects, priorities, "qini")
    assert found.single["rule"].standard_error == pytest.approx(expected, rel=0.2)


def test_two_rules_are_compared_on_the_same_halves() -> None:
    draw = np.random.default_rng(4)
    effects = draw.normal(size=500)
    rule = draw.random(500)
    found = rates(effects, {"a": rule, "b": rule.copy(), "c": draw.random(500)}, "autoc")
    assert found.paired["a", "b"].value == 0
    assert found.paired["a", "b"].standard_error == 0
    assert found.paired["a", "c"].standard_error > 0
    assert found.paired["a", "c"].value == -found.paired["c", "a"].value


def test_groups_are_drawn_whole() -> None:
    draw = np.random.default_rng(5)
    single = draw.normal(size=400)
    effects, rule = np.repeat(single, 4), np.repeat(draw.random(400), 4)
    groups = np.repeat(np.arange(400), 4)
    alone = rates(effects, {"rule": rule}, "qini").single["rule"]
    whole = rates(effects, {"rule": rule}, "qini", groups=groups).single["rule"]
    assert whole.value == alone.value
    assert whole.standard_error > 1.5 * alone.standard_error  # four rows of one tell one thing
