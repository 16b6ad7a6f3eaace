"""From a frame to the matrix that a linear model or trees read; fitted once, then the same for all.

Numbers stay numbers and other columns become one 0/1 column per common category. Missing values
need no filling in beforehand: of a number they are a column of their own beside a neutral value, of
a category they are one more category. A category that was not seen before is nobody's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from features.uplift.errors import UnusableError
from features.uplift.experiment import frame, is_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Kind = Literal["linear", "trees"]

CATEGORIES_MAX = 20  # of a column; rarer ones share one
MISSING = "(missing)"


class Preparation:
    """How the columns of a frame are read.

    For `linear`, numbers are logarithms of their size with their sign, since what spans orders of
    magnitude acts by ratio, about their mean and in standard deviations. For `trees` they are as
    they are, and missing ones are below all.
    """

    def __init__(self, kind: Kind) -> None:
        self.kind = kind

    def fit(self, table: pd.DataFrame) -> Preparation:
        """Learn columns, categories and scales from a frame that was checked."""
        self.columns = list(table.columns)
        self.numbers = [name for name in self.columns if is_number(table[name])]
        self.categories = [name for name in self.columns if name not in self.numbers]
        values = self._numbers(table)
        missing = np.isnan(values)
        self.sometimes_missing = missing.any(axis=0)
        known = np.where(missing, 0.0, values)
        counts = np.maximum((~missing).sum(axis=0), 1)
        self.centre = known.sum(axis=0) / counts
        apart = np.where(missing, 0.0, values - self.centre)
        spread = np.sqrt((apart**2).sum(axis=0) / counts)
        self.scale = np.where(spread > 0, spread, 1.0)
        self.below = np.where(missing, np.inf, values).min(axis=0, initial=np.inf) - 1
        self.below[~np.isfinite(self.below)] = 0.0
        self.common = {name: _common(table[name]) for name in self.categories}
        return self

    def matrix(self, given: Any) -> Floats:
        """Return the matrix of a frame with the columns that were fitted, in any order.

        Raises:
            UnusableError: when a column is missing, not known or of another kind.
        """
        table = frame(given)
        self._same_columns(table)
        values = self._numbers(table)
        missing = np.isnan(values)
        if self.kind == "trees":
            read = np.where(missing, self.below, values)
        else:
            read = np.where(missing, 0.0, (values - self.centre) / self.scale)
        parts = [read, missing[:, self.sometimes_missing].astype(np.float64)]
        parts += [_indicators(table[name], common) for name, common in self.common.items()]
        return np.hstack(parts)

    def _numbers(self, table: pd.DataFrame) -> Floats:
        if not self.numbers:
            return np.zeros((len(table), 0))
        values = np.column_stack(
            [table[name].to_numpy(np.float64, na_value=np.nan) for name in self.numbers]
        )
        if self.kind == "linear":
            values = np.sign(values) * np.log1p(np.abs(values))
        return values

    def _same_columns(self, table: pd.DataFrame) -> None:
        lost = [name for name in self.columns if name not in table.columns]
        new = [name for name in table.columns if name not in self.columns]
        if lost or new:
            words = [
                f"{what} {', '.join(map(repr, names))}"
                for what, names in (("without", lost), ("with the unseen", new))
                if names
            ]
            raise UnusableError(
                f"the features come {' and '.join(words)}; give the columns that the learner was "
                f"fitted on: {', '.join(map(repr, self.columns))}"
            )
        for name in self.columns:
            known = name in self.numbers
            if is_number(table[name]) != known and table[name].notna().any():
                now, then = ("a category", "a number") if known else ("a number", "a category")
                raise UnusableError(
                    f"column {name!r} is {now} and was {then} when the learner was fitted; give "
                    "it as it was"
                )


def _coded(column: pd.Series[Any]) -> tuple[NDArray[np.int64], list[str]]:
    """Return which of its texts each row of a column has, and the texts; -1 is a missing one."""
    codes, found = pd.factorize(column)
    return np.asarray(codes, dtype=np.int64), [str(one) for one in found]


def _common(column: pd.Series[Any]) -> list[str]:
    """Return the categories of a column that have an indicator, the most frequent ones by name."""
    codes, texts = _coded(column)
    counts = np.bincount(codes[codes >= 0], minlength=len(texts))
    ranked = sorted(range(len(texts)), key=lambda at: (-counts[at], texts[at]))
    kept = sorted(texts[at] for at in ranked[:CATEGORIES_MAX])
    return [*kept, MISSING] if (codes < 0).any() else kept


def _indicators(column: pd.Series[Any], common: list[str]) -> Floats:
    """Return a 0/1 column for each common category; a row of another one has none."""
    codes, texts = _coded(column)
    place = {text: at for at, text in enumerate(common)}
    places = np.array([place.get(text, -1) for text in [*texts, MISSING]])[codes]
    found: Floats = (places[:, None] == np.arange(len(common))).astype(np.float64)
    return found
