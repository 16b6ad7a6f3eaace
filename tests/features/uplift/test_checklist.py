"""The checklist that others may use: ours pass it, and what is wrong with one is said."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from features.uplift.checklist import ChecklistError, check
from features.uplift.learners.named import LEARNERS
from features.uplift.learners.two import TwoLearner


@pytest.mark.parametrize("name", list(LEARNERS))
def test_ours_pass(name: str) -> None:
    check(LEARNERS[name], is_causal=not name.startswith("response"))


class Other(TwoLearner):
    """A learner that others might have written; each below does one thing wrong."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__("linear", seed)


class Flat(Other):
    def predict_effect(self, X: Any) -> Any:
        return super().predict_effect(X).mean(axis=1)


class Missing(Other):
    def predict_effect(self, X: Any) -> Any:
        return super().predict_effect(X) * np.nan


class Restless(Other):
    def predict_effect(self, X: Any) -> Any:
        return super().predict_effect(X) + np.random.default_rng().random()


class Untidy(Other):
    def fit(self, X: Any, arm: Any, y: Any, propensity: Any = None) -> Any:
        super().fit(X, arm, y, propensity)
        X["age"] = 0.0
        return self


class Choosy(Other):
    def fit(self, X: Any, arm: Any, y: Any, propensity: Any = None) -> Any:
        if X.isna().all().any():
            raise RuntimeError("an empty column")
        return super().fit(X, arm, y, propensity)


class Hopeful(Other):
    def predict_effect(self, X: Any) -> Any:
        return super().predict_effect(X) + 0.3


class Blind(Other):
    def predict_effect(self, X: Any) -> Any:
        found = super().predict_effect(X)
        return np.broadcast_to(found.mean(axis=0), found.shape)


WRONG = [
    (Flat, r"predicted effects of the shape \(7,\); predict_effect must return \(7, 1\)"),
    (Missing, "predicted 7 effects that are missing or infinite"),
    (Restless, "in another order give other effects; sort them, or seed draws"),
    (Untidy, "it changes what it is given; work on a copy"),
    (Choosy, r"a constant, a missing column or a new category stops it \(an empty column\)"),
    (Hopeful, r"where nothing works it finds a mean effect of \+0\.[23]"),
    (Blind, r"it tells them apart by \+0\.00 only"),
]


@pytest.mark.parametrize(("make", "words"), WRONG)
def test_what_is_wrong_with_one_is_said(make: type[Other], words: str) -> None:
    with pytest.raises(ChecklistError, match=words):
        check(make)


def test_the_adapter_of_econml_passes_where_it_is_installed() -> None:
    pytest.importorskip("econml")
    from features.uplift.learners.econml import CausalForest, ForestDoublyRobust

    for learner in (CausalForest, ForestDoublyRobust):
        check(partial(learner))
