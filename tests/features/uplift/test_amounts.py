from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.amounts import AMOUNTS, judge, world
from features.uplift.amounts import AmountLearner
from features.uplift.errors import UnusableError

PEOPLE = 8_000


def trial(seed: int = 0) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    past, draws = world(PEOPLE, seed), np.random.default_rng(seed)
    arm = draws.integers(0, 1 + len(AMOUNTS), PEOPLE)
    did = draws.random(PEOPLE) < past.chances[np.arange(PEOPLE), arm]
    return past.features, np.array((0.0, *AMOUNTS))[arm], did.astype(float)


def test_more_coins_never_do_less_and_effects_are_about_right() -> None:
    features, coins, did = trial()
    learner = AmountLearner().fit(features, coins, did)
    new = world(PEOPLE, 1)
    effects = learner.predict_effect(new.features)
    assert learner.amounts == AMOUNTS
    assert (effects >= 0).all()
    assert (np.diff(effects, axis=1) >= 0).all()
    assert np.abs(effects.mean(axis=0) - new.effects.mean(axis=0)).max() < 0.03
    assert np.corrcoef(effects[:, 2], new.effects[:, 2])[0, 1] > 0.5


def test_the_same_data_and_seed_give_the_same_effects() -> None:
    given = trial()
    first, again = (AmountLearner(3).fit(*given).predict_effect(given[0]) for _ in range(2))
    assert (first == again).all()


def test_logged_chances_undo_that_some_were_given_more() -> None:
    past, draws = world(PEOPLE, 4), np.random.default_rng(4)
    high = past.features["x0"].to_numpy() > 0
    share = np.where(high, 0.8, 0.04)  # of the largest amount; the others share the rest
    largest = draws.random(PEOPLE) < share
    arm = np.where(largest, len(AMOUNTS), draws.integers(0, len(AMOUNTS), PEOPLE))
    chance = np.where(largest, share, (1 - share) / len(AMOUNTS))
    did = draws.random(PEOPLE) < past.chances[np.arange(PEOPLE), arm]
    coins = np.array((0.0, *AMOUNTS))[arm]
    effects = AmountLearner().fit(past.features, coins, did, chance).predict_effect(past.features)
    assert np.abs(effects.mean(axis=0) - past.effects.mean(axis=0)).max() < 0.05


@pytest.mark.parametrize(
    ("coins", "did", "chance", "words"),
    [
        ([0, 1, 2, 5], [0, 1, 0, 1], None, "3 amounts and 1 were given none"),
        ([1, 2, 5, 10], [0, 1, 0, 1], None, "4 amounts and 0 were given none"),
        ([0, 1, 2, 5, 10], [0, 0, 0, 0, 0], None, "not both 0 and 1"),
        ([0, 1, 2, 5, 10], [0, 1, 0, 1], None, "outcome has 4 values for 5 people"),
        ([0, 1, 2, 5, -1], [0, 1, 0, 1, 0], None, "amount has values"),
        ([0, 1, 2, 5, 10], [0, 1, 0, 1, 0], [0, 1, 1, 1, 1], "propensities"),
    ],
)
def test_what_can_not_be_learned_from_is_said(
    coins: list[float], did: list[float], chance: list[float] | None, words: str
) -> None:
    features = pd.DataFrame({"x": np.arange(len(coins), dtype=float)})
    with pytest.raises(UnusableError) as refused:
        AmountLearner().fit(features, coins, did, chance)
    assert words in refused.value.message
    with pytest.raises(UnusableError, match="was not fitted"):
        AmountLearner().predict_effect(features)


@pytest.mark.long
@pytest.mark.timeout(1_800)
def test_personal_amounts_come_near_the_oracle() -> None:
    found = judge(0)
    assert found["personal"] >= 0.9
    assert found["random"] < found["response"] < found["personal"]
    assert found["one amount"] <= found["personal"] + 0.01
