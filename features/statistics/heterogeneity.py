"""Are predicted effects of the right size? Slope, R² of calibration and the remedy.

`effects` are unbiased scores of each person's effect (doubly robust), and `predicted` comes from
models that have not seen these people: with their own people everything looks calibrated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

GROUPS = 4


@dataclass(frozen=True)
class BestLinearPredictor:
    """The line of observed on predicted effect (Chernozhukov, Demirer, Duflo, Fernandez-Val 2018).

    A slope of 1 is calibrated, below 1 the predictions are too far apart; above 0 they tell people
    apart at all.
    """

    mean: float  # effect of all
    mean_error: float
    slope: float  # NaN where all predictions are equal; likewise its standard error
    slope_error: float


def best_linear_predictor(effects: Floats, predicted: Floats) -> BestLinearPredictor:
    """Regress effects on predictions about their mean; errors hold with unequal variances (HC1)."""
    people = len(effects)
    apart = predicted - predicted.mean()
    spread = float(apart @ apart)
    mean = float(effects.mean())
    mean_error = float(effects.std(ddof=1)) / math.sqrt(people)
    if not spread > people * (np.finfo(np.float64).eps * float(np.abs(predicted).max())) ** 2:
        return BestLinearPredictor(mean, mean_error, math.nan, math.nan)
    slope = float(apart @ effects) / spread
    left = apart * (effects - mean - slope * apart)
    error = math.sqrt(float(left @ left) * people / (people - 2)) / spread
    return BestLinearPredictor(mean, mean_error, slope, error)


def calibration_r2(
    effects: Floats, predicted: Floats, seen: Floats | None = None, groups: int = GROUPS
) -> float:
    """Return by how much groups of equal prediction are nearer their effect than the mean is.

    People are grouped at quantiles of the prediction. With p the share of a group, R² is
    1 - sum p |mean predicted - mean effect| / sum p |mean predicted - effect of all|: 1 where each
    group's effect is as predicted, 0 or less where the mean of all would have done (EconML). NaN
    where all predictions are equal to the effect of all.

    Args:
        effects: unbiased scores of each person's effect.
        predicted: the effect of each person.
        seen: predictions of the people learned from, whose quantiles are the bounds.
        groups: how many.
    """
    levels = np.arange(1, groups) / groups
    bounds = np.unique(np.quantile(predicted if seen is None else seen, levels))
    group = np.searchsorted(bounds, predicted, side="right")
    share = np.bincount(group, minlength=groups) / len(group)
    there = share > 0
    mean_effect, mean_predicted = (
        np.bincount(group, weights=one, minlength=groups)[there] / len(group) / share[there]
        for one in (effects, predicted)
    )
    off = float(share[there] @ np.abs(mean_predicted - mean_effect))
    flat = float(share[there] @ np.abs(mean_predicted - effects.mean()))
    return 1 - off / flat if flat > 0 else math.nan
