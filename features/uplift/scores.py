"""Unbiased scores of people by a model that has not seen them (doubly robust)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.statistics.policy import arm_scores
from features.uplift.learners.two import TwoLearner

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from features.uplift.experiment import Experiment

    Floats = NDArray[np.float64]


def held_scores(known: Experiment, new: Experiment, seed: int) -> Floats:
    """Return a score of each of the `new` people (row) in each arm (column).

    The model learned from the `known` people. It only makes the scores less spread: with logged
    chances they are unbiased however wrong it is. So the quick linear one does.
    """
    model = TwoLearner("linear", seed)
    model.fit(known.features, known.arm, known.outcome, known.propensity)
    outcomes = model.expected_outcomes(new.features)
    return arm_scores(outcomes, new.arm, new.outcome, new.propensity)


def effects_of(scores: Floats) -> Floats:
    """Return the score of each arm's effect against control from those of the arms."""
    found: Floats = scores[:, 1:] - scores[:, :1]
    return found
