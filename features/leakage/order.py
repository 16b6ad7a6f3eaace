"""By order: what is told when rows are shuffled, and no longer when only the past tells.

Shuffled folds let a feature that stands for the date say what else happened on that day; the future
has no such days. So a set is judged both ways, by small trees, and each feature by its levels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier

from features.learners import one_thread
from features.uplift.experiment import is_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Labels = NDArray[np.int64]

BLOCKS = 5
PARTS = 5
SEED = 20_170_101
FOLLOWS_MIN = 0.7  # Spearman's correlation with time
ID_MIN = 0.9  # of rows, so many have a value that no other has
NEW_MIN = 0.5  # of later rows, so many have a category that no earlier block had


def blocks(times: pd.Series[Any], count: int = BLOCKS) -> Labels:
    """Return the block of time of each row, of about equal size; one moment is in one block."""
    ranks = times.rank(method="min").to_numpy(np.float64) - 1
    found = np.minimum((ranks * count / len(ranks)).astype(np.int64), count - 1)
    return np.unique(found, return_inverse=True)[1].astype(np.int64)


def parts(rows: int, count: int = PARTS) -> Labels:
    """Return the part of each row, drawn at random by a fixed seed."""
    draw = np.random.default_rng(SEED)
    return draw.permutation(np.arange(rows) % count).astype(np.int64)


def together(table: pd.DataFrame, label: Labels, part: Labels, *, only_past: bool) -> Floats:
    """Return each row's chance by trees of all features, fitted on other parts or earlier ones.

    NaN where there is nothing to fit on.
    """
    matrix = np.column_stack([_coded(table[name]) for name in table.columns])
    found = np.full(len(label), np.nan)
    for now in range(int(part.max()) + 1):
        own = part == now
        rest = part < now if only_past else ~own
        if len(np.unique(label[rest])) > 1:
            model = HistGradientBoostingClassifier(
                max_iter=40,
                learning_rate=0.15,
                max_leaf_nodes=8,
                early_stopping=False,
                random_state=0,
            )
            with one_thread():
                model.fit(matrix[rest], label[rest])
                found[own] = model.predict_proba(matrix[own])[:, 1]
    return found


def follows_time(column: pd.Series[Any], times: pd.Series[Any], block: Labels) -> bool:
    """Return whether a feature stands for the date: it rises with it, or its values are new."""
    if is_number(column):
        rank = column.astype(np.float64).rank()
        known = rank.notna().to_numpy()
        if known.sum() < BLOCKS or rank[known].max() == rank[known].min():
            return False
        moments = times.reset_index(drop=True).rank()
        found = np.corrcoef(rank.to_numpy()[known], moments.to_numpy()[known])[0, 1]
        return bool(abs(found) >= FOLLOWS_MIN)
    first = pd.Series(block).groupby(pd.factorize(column)[0]).transform("min").to_numpy()
    late = block > 0
    return bool(late.any() and (first[late] == block[late]).mean() >= NEW_MIN)


def numbers_each(column: pd.Series[Any]) -> bool:
    """Return whether nearly every row has a whole number, or a category, of its own: an id."""
    known = column.dropna()
    if not len(known) or known.nunique() < ID_MIN * len(known):
        return False
    if not is_number(column):
        return True
    values = known.to_numpy(np.float64)
    return bool((values == np.floor(values)).all())


def _coded(column: pd.Series[Any]) -> Floats:
    """Return a column as numbers, missing ones below all: trees refuse one with nothing else."""
    if not is_number(column):
        return pd.factorize(column, sort=True)[0].astype(np.float64)
    values = column.to_numpy(np.float64, na_value=np.nan)
    missing = np.isnan(values)
    below = values[~missing].min() - 1 if not missing.all() else 0.0
    found: Floats = np.where(missing, below, values)
    return found
