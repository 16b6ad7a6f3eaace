"""The checklist that every learner passes, calibrated ones and one from outside too."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from features.uplift.calibration import Calibrated
from features.uplift.errors import UnusableError
from features.uplift.learners.named import LEARNERS
from tests.features.uplift.trials import Trial, trial

if TYPE_CHECKING:
    from collections.abc import Callable

    from features.uplift.learners.base import Learner

    Make = Callable[[int], Learner]

ALL: dict[str, Make] = dict(LEARNERS) | {
    "calibrated-x-trees": partial(Calibrated, LEARNERS["x-trees"]),
    "calibrated-s-linear-curve": partial(Calibrated, LEARNERS["s-linear"], shape="curve"),
}
CAUSAL = sorted(name for name in ALL if not name.startswith("response"))

every = pytest.mark.parametrize("name", sorted(ALL))


@pytest.fixture(scope="module")
def small() -> Trial:
    return trial(people=600)


@pytest.fixture(scope="module")
def large() -> Trial:
    return trial()


def effects(name: str, one: Trial, X: pd.DataFrame | None = None, seed: int = 0) -> np.ndarray:
    learner = ALL[name](seed)
    learner.fit(*one.given())
    return learner.predict_effect(one.X if X is None else X)


@every
@pytest.mark.parametrize("is_binary", [True, False])
def test_a_row_per_person_and_a_column_per_arm_but_control(name: str, is_binary: bool) -> None:  # noqa: FBT001
    one = trial(people=600, arms=3, is_binary=is_binary)
    found = effects(name, one, one.X.head(7))
    assert found.shape == (7, 2)
    assert found.dtype == np.float64
    assert np.isfinite(found).all()


@every
def test_the_same_seed_gives_the_same_learner_in_any_order_of_rows_and_columns(
    name: str, small: Trial
) -> None:
    first = effects(name, small, seed=3)
    mixed = np.random.default_rng(1).permutation(len(small.y))
    other = Trial(
        small.X.iloc[mixed], small.arm[mixed], small.y[mixed], small.propensity[mixed], small.effect
    )
    again = effects(name, other, small.X[small.X.columns[::-1]], seed=3)
    assert (first == again).all()


@every
def test_what_it_was_given_is_as_it_was(name: str, small: Trial) -> None:
    X, arm, y = small.X.copy(), small.arm.copy(), small.y.copy()
    effects(name, small)
    pd.testing.assert_frame_equal(X, small.X)
    assert (arm == small.arm).all()
    assert (y == small.y).all()


@every
def test_where_nothing_works_it_finds_next_to_nothing(name: str) -> None:
    one = trial(seed=5, size=0.0)
    found = effects(name, one)
    assert np.abs(found.mean()) < 0.05
    assert found.std() < 0.08


@pytest.mark.parametrize("name", CAUSAL)
@pytest.mark.parametrize("is_binary", [True, False])
def test_it_finds_whom_an_arm_changes_and_how_much(name: str, is_binary: bool) -> None:  # noqa: FBT001
    one = trial(seed=1, arms=3, is_binary=is_binary)
    found = effects(name, one)
    changed = one.effect[:, 1] > 0
    for arm, least in ((0, 0.0), (1, 0.1)):
        true = one.effect[changed, arm].mean()
        assert found[changed, arm].mean() == pytest.approx(true, abs=0.1)
        assert found[changed, arm].mean() > found[~changed, arm].mean() + least
    harmed = Trial(one.X, one.arm, one.y.max() - one.y, one.propensity, -one.effect)
    assert effects(name, harmed)[changed, 1].mean() < -0.2


@pytest.mark.parametrize("name", ["response-linear", "response-trees"])
def test_response_shares_out_the_mean_effect(name: str, large: Trial) -> None:
    found = effects(name, large)
    assert found.mean() == pytest.approx(large.effect.mean(), abs=0.04)
    assert (found >= 0).all()


@every
@pytest.mark.parametrize("propensity", [None, [0.5, 0.5]])
def test_chances_may_be_one_for_all(
    name: str, propensity: list[float] | None, small: Trial
) -> None:
    learner = ALL[name](0)
    learner.fit(small.X, small.arm, small.y, propensity)
    assert np.isfinite(learner.predict_effect(small.X)).all()


@every
def test_nobody_did_it_in_an_arm_or_at_all(name: str, small: Trial) -> None:
    learner = ALL[name](0)
    learner.fit(small.X, small.arm, np.where(small.arm == 1, small.y, 0.0), None)
    assert learner.predict_effect(small.X).mean() > 0
    learner.fit(small.X, small.arm, np.zeros(len(small.y)), None)
    assert learner.predict_effect(small.X) == pytest.approx(np.zeros((len(small.y), 1)), abs=1e-9)


@every
def test_odd_columns_are_read(name: str, small: Trial) -> None:
    odd = small.X.assign(
        alike=1,
        count=pd.array(range(len(small.X)), dtype="Int64"),
        kind=pd.Categorical(np.where(small.X["is_new"], "新", "old")),
        mixed=[1, None, "x"] * (len(small.X) // 3),
        numbers=pd.Series([1, None, 2.5] * (len(small.X) // 3), dtype=object),
        text=pd.Series(["p", "q", None] * (len(small.X) // 3), dtype="str"),
        many=[f"shop {at % 60}" for at in range(len(small.X))],
    )
    one = Trial(odd, small.arm, small.y, small.propensity, small.effect)
    unseen = odd.head(3).assign(many="no shop", kind=pd.Categorical(["?", None, "old"]))
    assert np.isfinite(effects(name, one, unseen)).all()


@every
def test_a_few_people_are_enough_to_answer(name: str) -> None:
    one = trial(people=60)
    assert np.isfinite(effects(name, one)).all()


ODD_INPUT = {
    "an outcome is missing": (
        lambda X, arm, y: (X, arm, np.where(np.arange(len(y)) < 7, np.nan, y)),
        "the outcome is missing or infinite in rows 0, 1, 2, 3, 4 and 2 more; give 0",
    ),
    "an outcome is a text": (
        lambda X, arm, y: (X, arm, np.where(y > 0, "yes", "no")),
        "not a number, such as 'no'",
    ),
    "one arm only": (
        lambda X, arm, y: (X, arm * 0, y),
        "are in arm 0; an effect needs people of another arm",
    ),
    "an arm without people": (
        lambda X, arm, y: (X, arm * 2, y),
        "arm 1 has 0 people and at least 2 are needed",
    ),
    "arms by name": (
        lambda X, arm, y: (X, np.where(arm == 1, "mens", "none"), y),
        "the arm is .*, not a number",
    ),
    "half an arm": (lambda X, arm, y: (X, arm / 2, y), r"the arm is 0\.5 in rows"),
    "too few outcomes": (
        lambda X, arm, y: (X, arm, y[:-1]),
        "the outcome has 599 rows and the features have 600",
    ),
    "infinite": (
        lambda X, arm, y: (X.assign(age=np.inf), arm, y),
        "column 'age' is infinite in rows 0, 1, 2, 3, 4 and 595 more",
    ),
    "times": (
        lambda X, arm, y: (X.assign(age=pd.Timestamp("2026-01-01")), arm, y),
        "column 'age' holds times .* turn it into a number",
    ),
    "lists": (
        lambda X, arm, y: (X.assign(age=[[1]] * len(X)), arm, y),
        "column 'age' holds a list in rows 0",
    ),
    "twice": (
        lambda X, arm, y: (pd.concat([X, X[["age"]]], axis=1), arm, y),
        "column 'age' is there twice",
    ),
    "no frame": (
        lambda X, arm, y: (X[["age", "spend"]].to_numpy(), arm, y),
        "features are a ndarray; give a pandas DataFrame",
    ),
    "no columns": (lambda X, arm, y: (X[[]], arm, y), "600 rows and 0 columns"),
}


@every
@pytest.mark.parametrize("odd", sorted(ODD_INPUT))
def test_what_can_not_be_learned_from_is_refused_by_name(name: str, odd: str, small: Trial) -> None:
    change, words = ODD_INPUT[odd]
    with pytest.raises(UnusableError, match=words):
        ALL[name](0).fit(*change(small.X, small.arm, small.y), None)


@every
@pytest.mark.parametrize("chance", [0.0, 1.5, np.nan])
def test_a_chance_is_above_0_and_at_most_1(name: str, chance: float, small: Trial) -> None:
    chances = small.propensity.copy()
    chances[4] = chance
    with pytest.raises(UnusableError, match=r"the propensity is .* in row 4; it is the logged"):
        ALL[name](0).fit(small.X, small.arm, small.y, chances)


@every
def test_other_columns_than_it_was_fitted_on_are_refused(name: str, small: Trial) -> None:
    learner = ALL[name](0)
    learner.fit(*small.given())
    with pytest.raises(UnusableError, match="without 'age' and with the unseen 'height'; give"):
        learner.predict_effect(small.X.rename(columns={"age": "height"}))
    with pytest.raises(UnusableError, match="column 'age' is a category and was a number"):
        learner.predict_effect(small.X.assign(age="old"))


@every
def test_before_it_is_fitted_it_says_so(name: str, small: Trial) -> None:
    with pytest.raises(UnusableError, match="was not fitted; call fit before"):
        ALL[name](0).predict_effect(small.X)


def test_an_error_is_a_value_error_to_a_notebook_and_a_sentence_to_a_command() -> None:
    error = UnusableError("column 'a' is odd")
    assert isinstance(error, ValueError)
    assert str(error) == error.format_message() == "column 'a' is odd"
