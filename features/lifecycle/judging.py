"""What a model of uplift does on people that it has not seen, and two of them on the same people.

Scores are cross-fitted within these people, so that a judgement depends on them and the predictions
alone, not on what else the model learned from. Errors are from random halves, the same ones for all
that is compared.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from features.statistics.half_sample import measure
from features.statistics.heterogeneity import best_linear_predictor, calibration_r2
from features.uplift.errors import UnusableError
from features.uplift.folds import folds
from features.uplift.metrics import METRICS
from features.uplift.scores import effects_of, held_scores

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from features.statistics.half_sample import Halves, Statistic
    from features.uplift.experiment import Experiment

    Floats = NDArray[np.float64]

FOLDS = 5
SEED = 0
Z = 1.959963984540054  # of a 95 % interval


@dataclass(frozen=True)
class ArmJudged:
    """The mean effect of an arm, and whether predictions of it have the right size."""

    arm: str
    effect: float  # doubly robust mean, against control
    effect_low: float  # 95 % interval; likewise below
    effect_high: float
    slope: float | None  # of observed on predicted effect; nothing where all predictions are equal
    slope_low: float | None
    slope_high: float | None
    calibration_r2: float | None


@dataclass(frozen=True)
class Judged:
    """How a model ranks people that it has not seen; `low` and `high` bound 95 %."""

    metric: str
    meaning: str
    rows: int
    value: float
    low: float
    high: float
    arms: tuple[ArmJudged, ...]


@dataclass(frozen=True)
class Paired:
    """A model's metric less another one's on the same people, with a 95 % interval."""

    metric: str
    rows: int
    first: float
    second: float
    difference: float  # first - second
    low: float
    high: float


def judge(
    data: Experiment, predicted: Floats, arms: tuple[str, ...], metric: str, costs: Floats
) -> Judged:
    """Return what the predictions are worth on these people.

    Args:
        data: the people.
        predicted: the effect of each arm but control (column) on each of them (row).
        arms: the arms' names but control's.
        metric: one of `features.uplift.metrics.METRICS`.
        costs: of each arm but control, per person.

    Raises:
        UnusableError: when there are too few people, or the metric has no value on them.
    """
    effects = _effects(data)
    found = _measured(data, {"model": predicted}, effects, metric, costs).single["model"]
    return Judged(
        metric=metric,
        meaning=METRICS[metric].meaning,
        rows=len(data.arm),
        value=found.value,
        low=found.value - Z * found.standard_error,
        high=found.value + Z * found.standard_error,
        arms=tuple(
            _of_arm(name, own, guess)
            for name, own, guess in zip(arms, effects.T, predicted.T, strict=True)
        ),
    )


def paired(data: Experiment, first: Floats, second: Floats, metric: str, costs: Floats) -> Paired:
    """Return the first model's metric less the second's; see `judge`."""
    both = {"first": first, "second": second}
    found = _measured(data, both, _effects(data), metric, costs)
    apart = found.paired["first", "second"]
    return Paired(
        metric=metric,
        rows=len(data.arm),
        first=found.single["first"].value,
        second=found.single["second"].value,
        difference=apart.value,
        low=apart.value - Z * apart.standard_error,
        high=apart.value + Z * apart.standard_error,
    )


def _effects(data: Experiment) -> Floats:
    """Return each person's score of each arm's effect, by models fitted on the others."""
    found = np.zeros((len(data.arm), data.arms - 1))
    for rest, held in folds(data, FOLDS, SEED):
        found[held] = effects_of(held_scores(data.take(rest), data.take(held), SEED))
    return found


def _measured(
    data: Experiment, rules: Mapping[str, Floats], effects: Floats, metric: str, costs: Floats
) -> Halves:
    slim = replace(data, features=pd.DataFrame(index=range(len(data.arm))))  # halves are many
    rule = METRICS[metric]

    def statistic(predicted: Floats) -> Statistic:
        def of(chosen: NDArray[np.bool_]) -> float:
            some = slim.take(np.flatnonzero(chosen))
            return rule.of(some, predicted[chosen], effects[chosen], costs)

        return of

    found = measure({name: statistic(one) for name, one in rules.items()}, len(data.arm))
    if not all(math.isfinite(one.value) for one in found.single.values()):
        raise UnusableError(
            f"metric {metric} has no value on {len(data.arm):,} people with "
            f"{int(data.outcome.sum()):,} outcomes; give more people, or choose another metric "
            "when you train"
        )
    return found


def _of_arm(name: str, effects: Floats, predicted: Floats) -> ArmJudged:
    line = best_linear_predictor(effects, predicted)
    slope = None if math.isnan(line.slope) else line.slope
    r2 = calibration_r2(effects, predicted)
    return ArmJudged(
        arm=name,
        effect=line.mean,
        effect_low=line.mean - Z * line.mean_error,
        effect_high=line.mean + Z * line.mean_error,
        slope=slope,
        slope_low=None if slope is None else slope - Z * line.slope_error,
        slope_high=None if slope is None else slope + Z * line.slope_error,
        calibration_r2=None if math.isnan(r2) else r2,
    )
