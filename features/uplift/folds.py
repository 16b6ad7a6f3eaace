"""Folds of people, alike in arm and outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.model_selection import StratifiedKFold

from features.uplift.errors import UnusableError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.uplift.experiment import Experiment

    Labels = NDArray[np.int64]

LEVELS = 4  # into which an outcome that is not 0 or 1 is cut


def folds(data: Experiment, count: int, seed: int) -> list[tuple[Labels, Labels]]:
    """Return `count` pairs of rows to learn from and rows to test, stratified on arm and outcome.

    Which people are together follows from their content and the seed, not from their order.

    Raises:
        UnusableError: when an arm has fewer people than there are folds.
    """
    smallest = int(np.bincount(data.arm).min())
    if smallest < 2 * count:
        raise UnusableError(
            f"the smallest arm has {smallest} people, too few for {count} folds of at least two "
            "each; use fewer folds or more people"
        )
    order = data.ordered()
    strata = _levels(data)[order] * data.arms + data.arm[order]
    counts = np.bincount(strata)
    rare = np.isin(strata, np.nonzero(counts < count)[0])
    strata[rare] = data.arm[order][rare] + counts.size  # the few of an arm that did it are together
    split = StratifiedKFold(count, shuffle=True, random_state=seed)
    return [(order[rest], order[held]) for rest, held in _quiet(split, strata)]


def _levels(data: Experiment) -> Labels:
    """Return a level of each outcome: itself if it is 0 or 1, otherwise nothing and quantiles."""
    if data.is_binary:
        return data.outcome.astype(np.int64)
    some = data.outcome != 0
    bounds = np.unique(np.quantile(data.outcome[some], np.arange(1, LEVELS) / LEVELS))
    return np.where(some, 1 + np.searchsorted(bounds, data.outcome, side="right"), 0)


def _quiet(split: StratifiedKFold, strata: Labels) -> list[tuple[Labels, Labels]]:
    """Return the folds; a stratum smaller than their number is spread as far as it goes."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return list(split.split(strata, strata))
