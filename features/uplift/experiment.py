"""People drawn at random into arms, checked: what every learner is given, in one form."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from features.uplift.errors import UnusableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Labels = NDArray[np.int64]

SHOWN = 5  # rows that an error names
NUMBERS = {"boolean", "decimal", "floating", "integer", "mixed-integer-float"}  # pandas' words
ARM_PEOPLE_MIN = 2  # of each arm; one can't be compared with anyone of its own


@dataclass(frozen=True)
class Experiment:
    """One row per person; arm 0 is control."""

    features: pd.DataFrame
    arm: Labels
    outcome: Floats
    propensity: Floats  # the chance of the arm that the person was in
    arms: int

    @property
    def is_binary(self) -> bool:
        """Whether everyone's outcome is 0 or 1."""
        return bool(np.isin(self.outcome, (0.0, 1.0)).all())

    def take(self, rows: NDArray[Any]) -> Experiment:
        """Return some of the people, in that order."""
        return replace(
            self,
            features=self.features.iloc[rows],
            arm=self.arm[rows],
            outcome=self.outcome[rows],
            propensity=self.propensity[rows],
        )

    def with_features(self, names: Sequence[str]) -> Experiment:
        """Return the same people with some of their features."""
        return replace(self, features=self.features[list(names)])

    def ordered(self) -> NDArray[np.int64]:
        """Return the rows in an order that follows from their content alone.

        What is fitted and drawn in it does not depend on the order in which people came.
        """
        hashed = pd.util.hash_pandas_object(self.features, index=False).to_numpy()
        return np.lexsort((self.propensity, self.outcome, self.arm, hashed))


def experiment(X: Any, arm: Any, y: Any, propensity: Any = None) -> Experiment:
    """Check what was observed and return it in one form.

    Args:
        X: a frame of what was known of each person before the draw, a column per feature.
        arm: the number of each person's arm, from 0, which is control.
        y: the outcome, a number of any unit; nothing else is done to it.
        propensity: the logged chance of the arm each person was in; or of every arm, a column each;
            or, one number per arm, of everyone alike. Without it: each arm's share of the people.

    Raises:
        UnusableError: when they can't be learned from, naming the column or rows, and the remedy.
    """
    features = frame(X)
    arms = _arms(arm, len(features))
    outcome = _numbers(y, "the outcome", len(features))
    chances = _chances(propensity, arms)
    return Experiment(features, arms, outcome, chances, int(arms.max()) + 1)


def frame(table: Any) -> pd.DataFrame:
    """Return a frame whose columns are numbers or categories, checked; rows are numbered from 0."""
    if not isinstance(table, pd.DataFrame):
        raise UnusableError(
            f"features are a {type(table).__name__}; give a pandas DataFrame, a column per feature"
        )
    if not len(table) or not len(table.columns):
        raise UnusableError(
            f"there are {len(table)} rows and {len(table.columns)} columns of features; at least "
            "one of each is needed"
        )
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise UnusableError(f"column {twice[0]!r} is there twice; rename one of them")
    found = table.reset_index(drop=True)
    for name in found.columns:
        column = found[name]
        if pd.api.types.is_object_dtype(column.dtype) and _inferred(column) in NUMBERS:
            found[name] = column.astype(np.float64)
        _check(name, found[name])
    return found


def is_number(column: pd.Series[Any]) -> bool:
    """Return whether a column is read as a number; other columns are categories."""
    return pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)


def listed(rows: NDArray[np.bool_]) -> str:
    """Return the numbers of those rows that are set, from 0, shortened."""
    found = np.nonzero(rows)[0]
    more = f" and {len(found) - SHOWN:,} more" if len(found) > SHOWN else ""
    return f"row{'s' if len(found) > 1 else ''} {', '.join(map(str, found[:SHOWN]))}{more}"


def _inferred(column: pd.Series[Any]) -> str:
    return pd.api.types.infer_dtype(column, skipna=True)


def _check(name: object, column: pd.Series[Any]) -> None:
    kind = column.dtype
    if pd.api.types.is_datetime64_any_dtype(kind) or pd.api.types.is_timedelta64_dtype(kind):
        raise UnusableError(
            f"column {name!r} holds times ({kind}); turn it into a number, such as the days before "
            "the draw, or leave it out"
        )
    if pd.api.types.is_complex_dtype(kind):
        raise UnusableError(f"column {name!r} holds complex numbers; split it into real ones")
    if is_number(column):
        strange = np.isinf(column.to_numpy(np.float64, na_value=np.nan))
        if strange.any():
            raise UnusableError(
                f"column {name!r} is infinite in {listed(strange)}; leave it empty where nothing "
                "is known"
            )
    elif pd.api.types.is_object_dtype(kind):
        strange = np.array([not np.isscalar(one) and one is not None for one in column])
        strange &= column.notna().to_numpy()
        if strange.any():
            value = column[strange].iloc[0]
            raise UnusableError(
                f"column {name!r} holds a {type(value).__name__} in {listed(strange)}; give "
                "numbers, texts or nothing"
            )


def _numbers(values: Any, what: str, people: int) -> Floats:
    column = values if isinstance(values, pd.Series) else pd.Series(np.asarray(values))
    _same_length(len(column), what, people)
    if not is_number(column):
        raise UnusableError(
            f"{what} is {column.dtype}, not a number, such as {column.iloc[0]!r}; give 0 and 1, or "
            "a value"
        )
    found = column.to_numpy(np.float64, na_value=np.nan)
    strange = ~np.isfinite(found)
    if strange.any():
        raise UnusableError(
            f"{what} is missing or infinite in {listed(strange)}; give 0 to people who did nothing "
            "and leave out those whose outcome is not known"
        )
    return found


def _same_length(rows: int, what: str, people: int) -> None:
    if rows != people:
        raise UnusableError(
            f"{what} has {rows:,} rows and the features have {people:,}; give one per person, in "
            "the same order"
        )


def _arms(arm: Any, people: int) -> Labels:
    found = _numbers(arm, "the arm", people)
    strange = (found < 0) | (found != np.floor(found))
    if strange.any():
        raise UnusableError(
            f"the arm is {found[strange][0]:g} in {listed(strange)}; number the arms 0, 1, 2, of "
            "which 0 is control"
        )
    arms = found.astype(np.int64)
    counts = np.bincount(arms)
    if len(counts) == 1:
        raise UnusableError(
            f"all {people:,} people are in arm 0; an effect needs people of another arm as well"
        )
    if (counts < ARM_PEOPLE_MIN).any():
        few = int(np.argmin(counts))
        raise UnusableError(
            f"arm {few} has {counts[few]} people and at least {ARM_PEOPLE_MIN} are needed; number "
            f"the arms 0 to {len(counts) - 1} without a gap, or leave out a small one"
        )
    return arms


def _chances(propensity: Any, arms: Labels) -> Floats:
    people, count = len(arms), int(arms.max()) + 1
    if propensity is None:
        return (np.bincount(arms) / people)[arms]
    found = np.asarray(propensity, dtype=np.float64)
    if found.shape == (count,) and count != people:
        found = found[arms]
    elif found.shape == (people, count):
        found = found[np.arange(people), arms]
    elif found.shape != (people,):
        raise UnusableError(
            f"the propensity has the shape {found.shape}; give one per person, of the arm each was "
            f"in, or a column for each of the {count} arms"
        )
    strange = ~((found > 0) & (found <= 1))
    if strange.any():
        raise UnusableError(
            f"the propensity is {found[strange][0]:g} in {listed(strange)}; it is the logged "
            "chance of the arm that the person was in, above 0 and at most 1"
        )
    return found
