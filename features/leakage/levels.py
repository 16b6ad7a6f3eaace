"""A feature as levels, and what other rows of a level say about each row's outcome."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from features.uplift.experiment import is_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Labels = NDArray[np.int64]

BINS = 128  # of a number with more values than that
PRIOR_ROWS = 1.0  # that the mean of all counts for in each level
Z = 1.959963984540054


@dataclass(frozen=True)
class Levels:
    """The level of each row, from 0; 0 is a missing value. Those of a number are in its order."""

    level: Labels
    count: int
    is_ordered: bool


@dataclass(frozen=True)
class Power:
    """An AUC with its 95 % interval."""

    auc: float
    low: float
    high: float


def levels(column: pd.Series[Any]) -> Levels:
    """Return the levels of a feature: values, quantiles of a number with many, or categories."""
    if not is_number(column):
        codes = pd.factorize(column)[0]
        return Levels(codes.astype(np.int64) + 1, int(codes.max(initial=-1)) + 2, is_ordered=False)
    values = column.to_numpy(np.float64, na_value=np.nan)
    known = values[~np.isnan(values)]
    bounds = np.unique(known)
    if len(bounds) > BINS:
        bounds = np.unique(np.quantile(known, np.arange(1, BINS) / BINS))
    found = np.searchsorted(bounds, values, side="right") + 1
    found[np.isnan(values)] = 0
    return Levels(found.astype(np.int64), len(bounds) + 2, is_ordered=True)


def shuffled(one: Levels, label: Labels, part: Labels) -> Floats:
    """Return each row's chance by the rows of its level in other parts."""
    parts = int(part.max()) + 1
    place = part * one.count + one.level
    size = parts * one.count
    rows = np.bincount(place, minlength=size).reshape(parts, -1).astype(np.float64)
    ones = np.bincount(place, label, size).reshape(parts, -1)
    other_rows, other_ones = rows.sum(axis=0) - rows, ones.sum(axis=0) - ones
    means = other_ones.sum(axis=1) / np.maximum(other_rows.sum(axis=1), 1)
    chances = (other_ones + PRIOR_ROWS * means[:, None]) / (other_rows + PRIOR_ROWS)
    found: Floats = chances.ravel()[place]
    return found


def in_order(one: Levels, label: Labels, block: Labels) -> Floats:
    """Return each row's chance by the rows of its level in earlier blocks; NaN in the first.

    A level that is new has the chance of the nearest one of a number that is not, as a tree would
    give it, and of a category that of all.
    """
    found = np.full(len(label), math.nan)
    for now in range(1, int(block.max()) + 1):
        past, own = block < now, block == now
        rows = np.bincount(one.level[past], minlength=one.count).astype(np.float64)
        ones = np.bincount(one.level[past], label[past], one.count)
        chances = (ones + PRIOR_ROWS * label[past].mean()) / (rows + PRIOR_ROWS)
        if one.is_ordered:
            chances = _from_nearest(chances, rows)
        found[own] = chances[one.level[own]]
    return found


def _from_nearest(chances: Floats, rows: Floats) -> Floats:
    seen = np.flatnonzero(rows[1:] > 0) + 1  # 0 is what is missing, near nothing
    if not len(seen):
        return chances
    places = np.arange(len(rows))
    right = np.clip(np.searchsorted(seen, places), 0, len(seen) - 1)
    left = np.clip(right - 1, 0, len(seen) - 1)
    nearer = np.where(
        np.abs(seen[left] - places) <= np.abs(seen[right] - places), seen[left], seen[right]
    )
    return np.where((rows > 0) | (places == 0), chances, chances[nearer])


def power(label: Labels, chance: Floats) -> Power:
    """Return the AUC of chances, with Hanley and McNeil's (1982) interval; .5 of one class only."""
    ones, zeros = int(label.sum()), int(len(label) - label.sum())
    if not ones or not zeros:
        return Power(0.5, 0.0, 1.0)
    ranks = rankdata(chance)
    auc = float((ranks[label == 1].sum() - ones * (ones + 1) / 2) / (ones * zeros))
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    spread = auc * (1 - auc) + (ones - 1) * (q1 - auc**2) + (zeros - 1) * (q2 - auc**2)
    half = Z * math.sqrt(max(spread, 0.0) / (ones * zeros))
    return Power(auc, max(auc - half, 0.0), min(auc + half, 1.0))
