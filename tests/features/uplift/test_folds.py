"""Folds are alike in arm and outcome, and follow from content and seed alone."""

from __future__ import annotations

import numpy as np
import pytest

from features.uplift.errors import UnusableError
from features.uplift.experiment import experiment
from features.uplift.folds import folds
from tests.features.uplift.trials import trial


@pytest.mark.parametrize("is_binary", [True, False])
def test_each_fold_has_its_share_of_each_arm_and_outcome(is_binary: bool) -> None:  # noqa: FBT001
    one = trial(people=1_000, arms=3, is_binary=is_binary)
    data = experiment(*one.given())
    parts = folds(data, 5, seed=1)
    assert sorted(np.concatenate([held for _, held in parts])) == list(range(1_000))
    for rest, held in parts:
        assert not set(rest) & set(held)
        assert len(held) == pytest.approx(200, abs=12)
        for arm in range(3):
            mine = data.arm[held] == arm
            assert mine.sum() == pytest.approx((data.arm == arm).sum() / 5, abs=5)
            mean = data.outcome[data.arm == arm].mean()
            assert data.outcome[held][mine].mean() == pytest.approx(mean, abs=0.06)


def test_they_do_not_depend_on_the_order_of_people_but_on_the_seed() -> None:
    one = trial(people=300)
    data = experiment(*one.given())
    mixed = np.random.default_rng(0).permutation(300)

    def people(seed: int, rows: np.ndarray) -> list[set[float]]:
        part = data.take(rows)
        found = folds(part, 3, seed)
        return [set(part.features["spend"].to_numpy()[held]) for _, held in found]

    assert people(1, np.arange(300)) == people(1, mixed)
    assert people(1, mixed) != people(2, mixed)


def test_a_few_that_did_it_are_no_reason_to_fail_but_too_few_people_are() -> None:
    one = trial(people=100)
    rare = np.zeros(100)
    rare[np.nonzero(one.arm == 1)[0][:2]] = 1
    assert len(folds(experiment(one.X, one.arm, rare), 5, seed=0)) == 5
    few = np.zeros(100, dtype=int)
    few[:9] = 1
    with pytest.raises(UnusableError, match="the smallest arm has 9 people, too few for 5 folds"):
        folds(experiment(one.X, few, one.y), 5, seed=0)
