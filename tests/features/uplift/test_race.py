"""Races: who wins, on which metric, and what a learner may not do."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from features.statistics.repeated import corrected
from features.uplift.errors import UnusableError
from features.uplift.experiment import Experiment, experiment
from features.uplift.learners.named import LEARNERS
from features.uplift.metrics import METRICS, chosen
from features.uplift.race import _Runs, _standings, race
from tests.features.uplift.trials import trial

if TYPE_CHECKING:
    from collections.abc import Callable

QUICK = {name: LEARNERS[name] for name in ("response-linear", "s-linear", "t-linear")}


class Knowing:
    """Predicts the true effect, but for noise."""

    def __init__(self, seed: int = 0, noise: float = 0.0, sign: int = 1) -> None:
        self.seed, self.noise, self.sign = seed, noise, sign

    def fit(self, X: Any, arm: Any, y: Any, propensity: Any) -> None:  # noqa: ARG002
        self.arms = int(np.max(arm)) + 1

    def predict_effect(self, X: Any) -> np.ndarray:
        true = np.outer(X["carrier"] == "a", np.arange(1, self.arms)) * 0.3 / (self.arms - 1)
        draw = np.random.default_rng(self.seed)
        return self.sign * true + self.noise * draw.normal(size=true.shape)


def knowing(**given: Any) -> Callable[[int], Knowing]:
    return partial(Knowing, **given)


@pytest.fixture(scope="module")
def data() -> Experiment:
    return _even(seed=6)


def _even(seed: int, arms: int = 2, *, is_binary: bool = True) -> Experiment:
    """Return a trial whose arms everyone had the same chance of, as `qini` wants it."""
    one = trial(seed, people=3_000, arms=arms, is_binary=is_binary)
    data = experiment(one.X, one.arm, one.y)
    rows = np.nonzero(one.X["carrier"].ne("b"))[0]
    return data.take(rows)


@pytest.mark.parametrize("metric", sorted(METRICS))
def test_who_knows_wins_on_every_metric(metric: str, data: Experiment) -> None:
    field = {"backwards": knowing(sign=-1), "noise": knowing(noise=9), "knows": knowing()}
    found = race(data, field, metric=metric)
    assert found.winner == "knows"
    assert found.of("knows").is_best
    assert found.of("backwards").behind_low > 0
    assert found.of("knows").behind == 0
    assert found.of("knows").slope == pytest.approx(1, abs=0.25)
    assert found.of("backwards").slope == pytest.approx(-1, abs=0.25)
    assert found.of("knows").value > found.arm_values[0]
    assert found.of("knows").value_weighted == pytest.approx(found.of("knows").value, abs=0.03)


def standings(**metrics: list[float]) -> list[tuple[str, bool, bool]]:
    """Return who is best and who wins, by metrics of five folds, simplest first."""
    runs = {}
    for name, values in metrics.items():
        runs[name] = _Runs()
        runs[name].metrics += values
        runs[name].values += values
    found = _standings(runs, 1 / 4)
    return [(one.learner, one.is_best, one.is_winner) for one in found]


def test_the_simplest_within_an_error_of_the_best_wins() -> None:
    best = [0.5, 0.6, 0.5, 0.6, 0.5]
    close = [0.5, 0.5, 0.6, 0.5, 0.5]  # .02 behind, with an error of .056
    poor = [0.4, 0.5, 0.4, 0.5, 0.4]  # .1 behind in every fold
    assert standings(poor=poor, close=close, best=best) == [
        ("poor", False, False),
        ("close", False, True),
        ("best", True, False),
    ]
    assert standings(best=best, close=close)[0] == ("best", True, True)
    assert standings(poor=poor, best=best, twin=best)[1:] == [
        ("best", True, True),
        ("twin", False, False),
    ]


def test_intervals_are_of_paired_differences_with_the_correction(data: Experiment) -> None:
    found = race(data, QUICK, count=4, repeats=2)
    best = next(one for one in found.standings if one.is_best)
    for one in found.standings:
        assert len(one.folds) == 8
        assert one.metric == pytest.approx(np.mean(one.folds))
        by_hand = corrected(np.array(best.folds) - np.array(one.folds), 1 / 3)
        assert (one.behind_low, one.behind_high) == pytest.approx((by_hand.low, by_hand.high))


def test_the_same_data_and_seed_give_the_same_race_in_any_order(data: Experiment) -> None:
    mixed = data.take(np.random.default_rng(2).permutation(len(data.arm)))
    first, again = (race(one, QUICK, count=3, seed=4) for one in (data, mixed))
    assert first == again
    assert race(data, QUICK, count=3, seed=5) != first


def test_each_fit_is_told_of(data: Experiment) -> None:
    steps: list[str] = []
    race(data, QUICK, count=3, repeats=2, step=steps.append)
    assert steps == [*QUICK] * 6


def test_several_arms_are_raced_by_what_budgets_gain() -> None:
    several = _even(seed=7, arms=3)
    field = {"noise": knowing(noise=9), "knows": knowing()}
    found = race(several, field, costs=np.array([1.0, 4.0]))
    assert (found.metric, found.winner, found.is_calibrated) == ("gain", "knows", True)
    assert len(found.arm_values) == 3
    assert found.arm_values[2] > found.arm_values[1] > found.arm_values[0]
    # Of 4 / 7 who are changed each has the cheap arm at .57 a person, the dear one at 2.29; beyond
    # that no budget up to 4 buys more.
    assert found.of("knows").metric == pytest.approx(0.135, abs=0.025)


def test_the_metric_follows_from_the_kind_of_data() -> None:
    uneven = experiment(*trial(people=400).given())
    assert chosen(None, _even(1)).name == "qini"
    assert chosen(None, uneven).name == "rate-qini"
    assert chosen(None, _even(1, is_binary=False)).name == "rate-qini"
    assert chosen(None, _even(1, arms=3)).name == "gain"
    for wrong, metric, words in (
        (uneven, "qini", "had the same chance, and theirs differ; choose rate-qini or autoc"),
        (_even(1, is_binary=False), "qini", "for outcomes of 0 and 1 only"),
        (_even(1, arms=3), "qini", "one arm beside control and there are 2; choose gain"),
        (_even(1, arms=3), "autoc", "compares one arm with control and there are 2; choose gain"),
    ):
        with pytest.raises(UnusableError, match=words):
            chosen(metric, wrong)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda X: np.zeros(len(X)), r"of the shape \(.*,\); predict_effect must return \(.*, 1\)"),
        (lambda X: np.full((len(X), 1), np.nan), "effects that are missing or infinite"),
    ],
)
def test_a_learner_that_does_not_answer_is_named(
    answer: Callable[[Any], np.ndarray], words: str, data: Experiment
) -> None:
    class Odd(Knowing):
        def predict_effect(self, X: Any) -> np.ndarray:
            return answer(X)

    with pytest.raises(UnusableError, match=f"learner 'odd' predicted .*{words}"):
        race(data, {"odd": Odd})


def test_a_fold_without_outcomes_has_no_qini(data: Experiment) -> None:
    nothing = Experiment(
        data.features, data.arm, np.zeros(len(data.arm)), data.propensity, data.arms
    )
    with pytest.raises(UnusableError, match="metric qini has no value in a fold of"):
        race(nothing, {"knows": knowing()}, metric="qini")
