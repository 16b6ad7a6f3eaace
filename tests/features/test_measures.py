"""AUC equals scikit-learn's; a weight is a repetition; the interval tells a better score."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from features.measures import Comparison, Ranking, compare

ROWS = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 5), st.integers(0, 3)), min_size=2, max_size=60
).filter(lambda rows: len({label for label, _, weight in rows if weight}) == 2)


def auc(labels: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> float:
    return Ranking(labels, scores).auc(weights)


# how long a draw takes is the machine's business, not this test's
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ROWS)
def test_auc_is_that_of_scikit_learn_under_ties_and_weights(
    rows: list[tuple[int, int, int]],
) -> None:
    labels, scores, weights = (np.array(column) for column in zip(*rows, strict=True))
    repeated = np.repeat(labels, weights), np.repeat(scores.astype(float), weights)
    found = auc(labels, scores.astype(float), weights.astype(float))
    assert found == pytest.approx(roc_auc_score(*repeated))


def test_within_counts_pairs_of_one_group_only() -> None:
    labels = np.array([1, 0, 1, 0, 0])
    scores = np.array([0.9, 0.1, 0.2, 0.3, 0.1])
    groups = np.array(["a", "a", "b", "b", "b"], dtype=object)
    even = np.ones(5)
    assert Ranking(labels, scores, groups).auc(even) == pytest.approx((1 + 1) / (1 + 2))
    assert Ranking(labels, scores).auc(even) == pytest.approx((3 + 2) / 6)


def compared(model: np.ndarray, baseline: np.ndarray, labels: np.ndarray) -> Comparison:
    people = np.array([f"p{index // 2}" for index in range(len(labels))], dtype=object)
    groups = np.array([f"c{index % 2}" for index in range(len(labels))], dtype=object)
    return compare(labels, model, baseline, groups, people, draws=200)


@pytest.fixture
def labels() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 2, 400)


def test_the_same_score_twice_differs_by_nothing(labels: np.ndarray) -> None:
    score = np.random.default_rng(2).random(400)
    found = compared(score, score, labels)
    assert (found.difference, found.difference_low, found.difference_high) == (0, 0, 0)


def test_a_score_that_knows_beats_one_that_does_not(labels: np.ndarray) -> None:
    noise = np.random.default_rng(3).random(400)
    found = compared(labels + noise, noise, labels)
    assert found.difference_low > 0.2
    assert found.within_difference_low > 0.2
    assert found.difference_low < found.difference < found.difference_high
    assert compared(noise, labels + noise, labels).difference_high < -0.2


def test_two_scores_that_know_nothing_are_not_told_apart(labels: np.ndarray) -> None:
    draw = np.random.default_rng(4)
    found = compared(draw.random(400), draw.random(400), labels)
    assert found.difference_low < 0 < found.difference_high


def test_people_not_rows_are_drawn(labels: np.ndarray) -> None:
    """Copies of a person's row add nothing: the interval stays as wide."""
    draw = np.random.default_rng(5)
    model, naive = labels * 0.3 + draw.random(400), draw.random(400)
    people = np.arange(400).astype(str).astype(object)
    groups = np.repeat(np.array(["c"], dtype=object), 400)
    once = compare(labels, model, naive, groups, people, draws=300)
    twice = compare(
        *(np.tile(column, 2) for column in (labels, model, naive, groups, people)), draws=300
    )
    assert twice.difference_low == pytest.approx(once.difference_low)
    assert twice.difference_high == pytest.approx(once.difference_high)
