"""What each amount of coins does to whom: one model for all amounts, which never falls with them.

Separate models of each amount would each see only its own people. One sees all of them, with the
amount as a feature in which its trees may only rise (`monotonic_cst`): what is true of coins, and
what keeps noise from calling a larger amount worse. The effect of an amount is what is expected
under it, less what is expected under none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from features.learners import one_thread
from features.uplift.errors import UnusableError
from features.uplift.experiment import frame
from features.uplift.preparation import Preparation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

AMOUNTS_MIN = 4  # that people were drawn into; of fewer no shape can be told
TREES = {
    "max_iter": 150,
    "learning_rate": 0.06,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 200,
    "l2_regularization": 5.0,
    "early_stopping": False,
}


class AmountLearner:
    """Learns from people who were drawn into amounts, none among them.

    Args:
        seed: the same data and seed give the same learner.
    """

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def fit(self, X: Any, amount: Any, y: Any, propensity: Any = None) -> AmountLearner:
        """Learn.

        Args:
            X: a frame of what was known of each person before the draw.
            amount: the coins that each was given; 0 is none.
            y: 1 if the person did what is wanted, otherwise 0.
            propensity: the logged chance of the amount each was given; everyone counts by its
                inverse, so that the amounts are alike in whom they went to. Without: all alike.

        Raises:
            UnusableError: when it can't be learned from, naming what is missing.
        """
        table = frame(X)
        coins, outcome = _numbers(amount, "amount", len(table)), _numbers(y, "outcome", len(table))
        self.amounts = tuple(float(one) for one in np.unique(coins[coins > 0]))
        if len(self.amounts) < AMOUNTS_MIN or not (coins == 0).any():
            raise UnusableError(
                f"people were given {len(self.amounts)} amounts and "
                f"{int((coins == 0).sum()):,} were given none; at least {AMOUNTS_MIN} amounts and "
                "some people without are needed"
            )
        if set(np.unique(outcome)) != {0.0, 1.0}:
            raise UnusableError("outcomes are not both 0 and 1; some must have done it, some not")
        weight = None
        if propensity is not None:
            chance = _numbers(propensity, "propensity", len(table))
            if ((chance <= 0) | (chance > 1)).any():
                raise UnusableError("propensities are not all above 0 and at most 1")
            weight = 1 / chance
            weight *= len(weight) / weight.sum()
        self.preparation = Preparation("trees").fit(table)
        matrix = np.column_stack([coins, self.preparation.matrix(table)])
        rises = [1] + [0] * (matrix.shape[1] - 1)
        self.model = HistGradientBoostingClassifier(
            monotonic_cst=rises, random_state=self.seed, **TREES
        )
        with one_thread():
            self.model.fit(matrix, outcome, sample_weight=weight)
        return self

    def chances(self, X: Any, amounts: Sequence[float]) -> Floats:
        """Return the chance of the outcome of each person (row) under each amount (column)."""
        self._require_fitted()
        matrix = self.preparation.matrix(X)
        found = np.empty((len(matrix), len(amounts)))
        with one_thread():
            for column, amount in enumerate(amounts):
                with_amount = np.column_stack([np.full(len(matrix), float(amount)), matrix])
                found[:, column] = self.model.predict_proba(with_amount)[:, 1]
        return found

    def predict_effect(self, X: Any, amounts: Sequence[float] = ()) -> Floats:
        """Return the effect of each amount (column) on each person (row); never below 0.

        Args:
            X: a frame with the columns of fit.
            amounts: ascending; by default those that people were drawn into.
        """
        self._require_fitted()
        found = self.chances(X, (0.0, *(amounts or self.amounts)))
        effects: Floats = found[:, 1:] - found[:, :1]
        return effects

    def _require_fitted(self) -> None:
        if not hasattr(self, "model"):
            raise UnusableError("the learner of amounts was not fitted; call fit before")


def _numbers(given: Any, name: str, people: int) -> Floats:
    found = np.asarray(given, dtype=np.float64).ravel()
    if len(found) != people:
        raise UnusableError(f"{name} has {len(found)} values for {people} people; give one each")
    if not np.isfinite(found).all() or (found < 0).any():
        raise UnusableError(f"{name} has values that are no number of at least 0; leave those out")
    return found
