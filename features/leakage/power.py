"""By what one feature alone tells: people are not that predictable by what was known before.

Besides its power, a feature that was made from the outcome gives itself away by its shape: a value
that only those have who did it, or means that follow the outcome's more closely than chance could.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import chi2

from features.uplift.experiment import is_number

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from features.leakage.levels import Levels

    Floats = NDArray[np.float64]
    Labels = NDArray[np.int64]

CERTAIN = 0.98  # of the rows with a value, so many have the outcome
CERTAIN_ROWS_MIN = 30
CERTAIN_SHARE_MIN = 0.2  # of all rows with the outcome, so many have the value
RARE_MAX = 0.5  # where the outcome is more common, a certain value is no wonder
NONE_EXPECTED_MIN = 30.0  # rows with the outcome that a value without any should have had
CLOSE_P_MAX = 1e-6
CLOSE_ROWS_MIN = 2  # of a value, to have a mean
CLOSE_LEVELS_MIN = 4
CLOSE_INFORMATION_MIN = 0.3  # n p (1 - p) of a value that counts: others tell nothing by chance


@dataclass(frozen=True)
class Certain:
    """A group of values that decides the outcome."""

    words: str  # which values
    rows: int
    share: float  # of them, with the outcome; 0 where none has it
    of_all: float  # of all rows with the outcome (or, at 0, without it), so many are in it


def certain(column: pd.Series[Any], one: Levels, label: Labels) -> Certain | None:
    """Return the values that nearly only rows with the outcome have, if they are many."""
    groups = _groups(column, one, label)
    found = [
        group
        for group in groups
        if group.rows >= CERTAIN_ROWS_MIN
        and group.share >= CERTAIN
        and group.of_all >= CERTAIN_SHARE_MIN
    ]
    return (
        max(found, key=lambda group: group.of_all) if label.mean() <= RARE_MAX and found else None
    )


def never(column: pd.Series[Any], one: Levels, label: Labels) -> Certain | None:
    """Return the values that no row with the outcome has, if chance would have given it to many."""
    zeros = len(label) - label.sum()
    found = [
        Certain(group.words, group.rows, 0.0, group.rows / zeros)
        for group in _groups(column, one, label)
        if group.share == 0 and group.rows * label.mean() >= NONE_EXPECTED_MIN
    ]
    return max(found, key=lambda group: group.of_all, default=None)


def _groups(column: pd.Series[Any], one: Levels, label: Labels) -> list[Certain]:
    """Return each level by itself, and all levels but the most frequent one."""
    rows = np.bincount(one.level, minlength=one.count)
    ones = np.bincount(one.level, label, one.count)
    common = int(rows.argmax())
    some = np.flatnonzero(rows)
    total = max(float(ones.sum()), 1.0)
    found = [
        Certain(_value(column, one, at), int(rows[at]), ones[at] / rows[at], ones[at] / total)
        for at in some[np.argsort(-rows[some], kind="stable")][:20]
    ]
    rest, rest_ones = int(rows.sum() - rows[common]), float(ones.sum() - ones[common])
    if rest:
        words = f"anything but {_value(column, one, common)}"
        found.append(Certain(words, rest, rest_ones / rest, rest_ones / total))
    return found


def _value(column: pd.Series[Any], one: Levels, at: int) -> str:
    if at == 0:
        return "nothing"
    values = column[one.level == at]
    low = values.iloc[0]
    if is_number(column):
        low, high = float(values.min()), float(values.max())
        return f"{low:g}" if low == high else f"{low:g} to {high:g}"
    return repr(low)


def is_too_close(column: pd.Series[Any], label: Labels) -> bool:
    """Return whether the outcome's means by value follow the values more closely than chance could.

    Rows of one value have a mean that differs by chance from whatever line the values are on, with
    a variance of p (1 - p) / n. A feature that is that mean itself (an id, encoded by the outcomes
    of its own rows) does not differ.
    """
    if not is_number(column):
        return False
    values = column.to_numpy(np.float64, na_value=np.nan)
    known = ~np.isnan(values)
    found, level = np.unique(values[known], return_inverse=True)
    rows = np.bincount(level).astype(np.float64)
    means = np.bincount(level, label[known]) / rows
    kept = rows >= CLOSE_ROWS_MIN
    if kept.sum() < CLOSE_LEVELS_MIN or np.ptp(found[kept]) == 0:
        return False
    found, rows, means = found[kept], rows[kept], means[kept]
    line = _line(found, means, rows)
    informative = rows * line * (1 - line) >= CLOSE_INFORMATION_MIN
    degrees = int(informative.sum()) - 2
    if degrees < CLOSE_LEVELS_MIN - 2:
        return False
    off = rows * (means - line) ** 2 / np.clip(line * (1 - line), 1e-9, None)
    return bool(chi2.cdf(off[informative].sum(), degrees) < CLOSE_P_MAX)


def _line(values: Floats, means: Floats, rows: Floats) -> Floats:
    """Return the weighted line of means on values, within 0 and 1."""
    centre, mean = np.average(values, weights=rows), np.average(means, weights=rows)
    apart = values - centre
    slope = np.average(apart * (means - mean), weights=rows) / np.average(apart**2, weights=rows)
    found: Floats = np.clip(mean + slope * apart, 0.0, 1.0)
    return found
