"""Learners race on one metric that is fixed before, on the same folds.

The simplest one within a standard error of the best wins (Breiman et al. 1984): a more complicated
one has to be clearly better. Standard errors and intervals are of paired differences over the
folds, with Nadeau and Bengio's correction.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from features.statistics.heterogeneity import best_linear_predictor, calibration_r2
from features.statistics.policy import weighted_value
from features.statistics.repeated import corrected
from features.uplift.calibration import Calibrated
from features.uplift.errors import UnusableError
from features.uplift.folds import folds
from features.uplift.metrics import chosen
from features.uplift.scores import effects_of, held_scores

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from features.uplift.experiment import Experiment
    from features.uplift.learners.base import Learner
    from features.uplift.metrics import Metric

    Floats = NDArray[np.float64]
    Makers = Mapping[str, Callable[[int], Learner]]

FOLDS = 5
REPEATS = 1
TWO_ARMS = 2


@dataclass(frozen=True)
class Standing:
    """How a learner did; `behind` is the best one's metric less its own, with a 95 % interval."""

    learner: str
    metric: float  # mean over folds; likewise below
    behind: float
    behind_error: float
    behind_low: float
    behind_high: float
    slope: float | None  # of observed on predicted effect, mean of the arms; 1 is calibrated
    calibration_r2: float | None
    value: float  # doubly robust mean outcome if each had the arm of largest effect above 0
    value_weighted: float | None  # the same without a model (SNIPS)
    is_best: bool
    is_winner: bool
    folds: tuple[float, ...]  # the metric in each


@dataclass(frozen=True)
class Race:
    """A race: what it was run on, and the learners from simplest to last."""

    metric: str
    meaning: str
    winner: str
    people: int
    arms: int
    folds: int
    repeats: int
    seed: int
    is_calibrated: bool
    arm_values: tuple[float, ...]  # doubly robust mean outcome if everyone were in that arm
    standings: tuple[Standing, ...]

    def of(self, learner: str) -> Standing:
        """Return the standing of a learner."""
        return next(one for one in self.standings if one.learner == learner)


class _Runs:
    """What a learner's predictions came to, fold by fold."""

    def __init__(self) -> None:
        self.metrics: list[float] = []
        self.slopes: list[float] = []
        self.r2s: list[float] = []
        self.values: list[float] = []
        self.weighted: list[float] = []

    def note(self, metric: float, new: Experiment, predicted: Floats, scores: Floats) -> None:
        """Add a fold: its metric, and what its scores say of the predictions."""
        self.metrics.append(metric)
        effects = effects_of(scores)
        for observed, expected in zip(effects.T, predicted.T, strict=True):
            self.slopes.append(best_linear_predictor(observed, expected).slope)
            self.r2s.append(calibration_r2(observed, expected))
        with_control = np.column_stack([np.zeros(len(predicted)), predicted])
        rule = with_control.argmax(axis=1)
        self.values.append(float(scores[np.arange(len(rule)), rule].mean()))
        self.weighted.append(weighted_value(new.arm, new.outcome, new.propensity, rule).value)


def race(
    data: Experiment,
    learners: Makers,
    *,
    metric: str | None = None,
    costs: Floats | None = None,
    count: int = FOLDS,
    repeats: int = REPEATS,
    seed: int = 0,
    step: Callable[[str], None] = lambda _: None,
) -> Race:
    """Run a race; the same data and seed give the same race, whatever the order of the rows.

    Where several arms compete for a budget, each learner is calibrated inside each fold, since
    their sizes decide between them. Of one arm calibration changes no order, and is left out.

    Args:
        data: the experiment.
        learners: what makes each of a seed, simplest first.
        metric: one of `METRICS`; without it, what the kind of data asks for.
        costs: of each arm but control, per person; 1 each without them.
        count: how many folds.
        repeats: how often people are divided into folds anew.
        seed: of the folds and the learners.
        step: called with the learner's name after each fit.

    Raises:
        UnusableError: when the data can't be raced on, or a learner predicts what it may not.
    """
    rule = chosen(metric, data)
    prices = np.ones(data.arms - 1) if costs is None else costs
    is_calibrated = data.arms > TWO_ARMS
    runs = {name: _Runs() for name in learners}
    arm_values = []
    for repeat in range(repeats):
        for rest, held in folds(data, count, seed + repeat):
            known, new = data.take(rest), data.take(held)
            scores = held_scores(known, new, seed)
            arm_values.append(scores.mean(axis=0))
            for name, make in learners.items():
                learner: Learner = Calibrated(make, seed) if is_calibrated else make(seed)
                predicted = predictions(name, learner, known, new)
                found = _measured(rule, new, predicted, effects_of(scores), prices)
                runs[name].note(found, new, predicted, scores)
                step(name)
    standings = _standings(runs, 1 / (count - 1))
    return Race(
        metric=rule.name,
        meaning=rule.meaning,
        winner=next(one.learner for one in standings if one.is_winner),
        people=len(data.arm),
        arms=data.arms,
        folds=count,
        repeats=repeats,
        seed=seed,
        is_calibrated=is_calibrated,
        arm_values=tuple(np.mean(arm_values, axis=0).tolist()),
        standings=standings,
    )


def predictions(name: str, learner: Learner, known: Experiment, new: Experiment) -> Floats:
    """Fit a learner on the known people and return its effects on the new ones, checked.

    Raises:
        UnusableError: when it does not return one number per person and arm.
    """
    learner.fit(known.features, known.arm, known.outcome, known.propensity)
    found = np.asarray(learner.predict_effect(new.features), dtype=np.float64)
    wanted = (len(new.arm), new.arms - 1)
    if found.shape != wanted:
        raise UnusableError(
            f"learner {name!r} predicted effects of the shape {found.shape}; predict_effect must "
            f"return {wanted}: a row per person, a column per arm but control"
        )
    strange = int((~np.isfinite(found)).sum())
    if strange:
        raise UnusableError(
            f"learner {name!r} predicted {strange:,} effects that are missing or infinite; "
            "predict_effect must return a number for everyone"
        )
    return found


def _measured(
    rule: Metric, new: Experiment, predicted: Floats, effects: Floats, costs: Floats
) -> float:
    found = rule.of(new, predicted, effects, costs)
    if not math.isfinite(found):
        raise UnusableError(
            f"metric {rule.name} has no value in a fold of {len(new.arm):,} people with "
            f"{int(new.outcome.sum()):,} outcomes; use fewer folds or more people"
        )
    return found


def _standings(runs: Mapping[str, _Runs], test_share: float) -> tuple[Standing, ...]:
    metrics = {name: np.array(one.metrics) for name, one in runs.items()}
    best = max(metrics, key=lambda name: float(metrics[name].mean()))
    behind = {name: corrected(metrics[best] - one, test_share) for name, one in metrics.items()}
    winner = next(name for name, one in behind.items() if one.mean <= one.standard_error)
    return tuple(
        Standing(
            learner=name,
            metric=float(metrics[name].mean()),
            behind=behind[name].mean,
            behind_error=behind[name].standard_error,
            behind_low=behind[name].low,
            behind_high=behind[name].high,
            slope=_mean(one.slopes),
            calibration_r2=_mean(one.r2s),
            value=float(np.mean(one.values)),
            value_weighted=_mean(one.weighted),
            is_best=name == best,
            is_winner=name == winner,
            folds=tuple(one.metrics),
        )
        for name, one in runs.items()
    )


def _mean(values: list[float]) -> float | None:
    """Return the mean of those folds that have a value."""
    known = [one for one in values if math.isfinite(one)]
    return float(np.mean(known)) if known else None
