"""An experiment from a file: a row per person, columns for arm, outcome and what was known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from features.uplift.errors import UnusableError
from features.uplift.experiment import Experiment, experiment, is_number, listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

CONTROLS = ("0", "control", "false", "holdout", "no", "none")
"""What an arm is called that is taken for control if nobody says which is."""

ARMS_MAX = 20


@dataclass(frozen=True)
class Columns:
    """Which column of the file is what."""

    arm: str
    outcome: str
    features: tuple[str, ...] = ()  # all others, without any
    without: tuple[str, ...] = ()
    propensity: str | None = None  # the logged chance of the arm that the person was in
    control: str | None = None  # an arm; guessed by its name, without
    time: str | None = None  # when each person was drawn; no feature

    def with_features(self, names: tuple[str, ...]) -> Columns:
        """Return the same columns, with these features and no others."""
        return replace(self, features=names, without=())


@dataclass(frozen=True)
class Read:
    """An experiment, and what its arms are called; the first is control."""

    data: Experiment
    arms: tuple[str, ...]
    features: tuple[str, ...]
    times: pd.Series[Any] | None = None  # when each person was drawn, in UTC

    @property
    def people(self) -> tuple[int, ...]:
        """How many people each arm has."""
        return tuple(np.bincount(self.data.arm).tolist())

    def costs(self, given: Mapping[str, float]) -> NDArray[np.float64]:
        """Return the cost of each arm but control; 1 each where none is given.

        Raises:
            UnusableError: when an arm is not known, has no cost, or one that is not above 0.
        """
        treated = self.arms[1:]
        strange = [name for name in given if name not in treated]
        lacking = [name for name in treated if given and name not in given]
        if strange or lacking:
            which = f"of {strange[0]!r}" if strange else f"is missing of {lacking[0]!r}"
            raise UnusableError(
                f"a cost {which}; give one for each of {_names(treated)}: --cost {treated[0]}=1"
            )
        bad = [name for name, cost in given.items() if not 0 < cost < float("inf")]
        if bad:
            raise UnusableError(
                f"the cost of {bad[0]!r} is {given[bad[0]]:g}; a cost is above 0, of control 0"
            )
        return np.array([given.get(name, 1.0) for name in treated])


def read(path: Path, columns: Columns) -> Read:
    """Read a Parquet or CSV file.

    Raises:
        UnusableError: when it can't be read or learned from; the sentence names column and remedy.
    """
    table = table_of(path)
    wanted = [columns.arm, columns.outcome, *columns.features, *columns.without]
    wanted += [name for name in (columns.propensity, columns.time) if name is not None]
    for name in wanted:
        if name not in table.columns:
            raise UnusableError(
                f"{path.name} has no column {name!r}; there are {_names(table.columns)}"
            )
    roles = {columns.arm, columns.outcome, columns.propensity, columns.time}
    for name in columns.features:
        if name in roles:
            raise UnusableError(f"column {name!r} can't be a feature too; leave it out")
    left_out = roles | set(columns.without)
    names = [name for name in columns.features or table.columns if name not in left_out]
    if not names:
        raise UnusableError(
            f"{path.name} has no column left for a feature; name some by --features"
        )
    arms, numbers = _arms(table[columns.arm], columns)
    outcome = require_outcome(table[columns.outcome], columns.outcome)
    propensity = None if columns.propensity is None else table[columns.propensity]
    for name in names:
        _require_feature(table[name], name)
    data = experiment(table[names], numbers, outcome, propensity)
    times = None if columns.time is None else as_times(table[columns.time], columns.time)
    return Read(data, arms, tuple(map(str, names)), times)


def as_times(column: pd.Series[Any], name: str) -> pd.Series[Any]:
    """Return a column as times in UTC, from times, ISO texts or seconds since 1970.

    Raises:
        UnusableError: naming the rows that hold none.
    """
    if is_number(column):
        found = pd.to_datetime(column, unit="s", utc=True, errors="coerce")
    else:
        found = pd.to_datetime(column, utc=True, errors="coerce", format="ISO8601")
    strange = found.isna().to_numpy()
    if strange.any():
        value = column[strange].iloc[0]
        raise UnusableError(
            f"column {name!r} holds no time in {listed(strange)}, such as {value!r}; give ISO "
            "8601, such as 2026-05-01T08:00:00Z, or seconds since 1970"
        )
    return found


def table_of(path: Path) -> pd.DataFrame:
    """Read a Parquet or CSV file as it is; column names are texts.

    Raises:
        UnusableError: when it can't be read or has no rows.
    """
    suffix = path.suffix.lower()
    if suffix not in {".parquet", ".csv"}:
        raise UnusableError(f"{path.name} is neither .parquet nor .csv; give one of them")
    try:
        table = pd.read_parquet(path) if suffix == ".parquet" else pd.read_csv(path)
    except (OSError, ValueError) as error:  # pandas' and Arrow's are ValueErrors
        words = str(error).strip().splitlines() or [type(error).__name__]
        raise UnusableError(f"{path} can't be read: {words[0]}; check the file") from error
    table.columns = table.columns.map(str)
    if table.empty:
        raise UnusableError(f"{path.name} has no rows; give a row per person")
    return table


def _arms(column: pd.Series[Any], columns: Columns) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    missing = column.isna().to_numpy()
    if missing.any():
        raise UnusableError(
            f"column {columns.arm!r} names no arm in {listed(missing)}; leave out people who were "
            "not drawn"
        )
    texts = _as_text(column)
    found = sorted(texts.unique())
    if len(found) == 1:
        raise UnusableError(
            f"column {columns.arm!r} has one value only, {found[0]!r}; an effect needs people of "
            "another arm as well"
        )
    if len(found) > ARMS_MAX:
        raise UnusableError(
            f"column {columns.arm!r} has {len(found):,} values, such as {_names(found[:3])}; an "
            f"arm is one of at most {ARMS_MAX}: choose another column"
        )
    control = _control(found, columns)
    arms = (control, *(one for one in found if one != control))
    return arms, texts.map({one: at for at, one in enumerate(arms)}).to_numpy(np.int64)


def _as_text(column: pd.Series[Any]) -> pd.Series[str]:
    """Return arms as texts; numbers that are whole lose their fraction."""
    if pd.api.types.is_float_dtype(column.dtype) and (column == column.round()).all():
        column = column.astype(np.int64)
    return column.astype(object).map(str)


def _control(found: Sequence[str], columns: Columns) -> str:
    if columns.control is not None:
        if columns.control not in found:
            raise UnusableError(
                f"column {columns.arm!r} has no arm {columns.control!r}; its arms are "
                f"{_names(found)}"
            )
        return columns.control
    guessed = [one for one in found if one.lower() in CONTROLS]
    if len(guessed) != 1:
        raise UnusableError(
            f"which arm of column {columns.arm!r} is control? Say --control with one of "
            f"{_names(found)}"
        )
    return guessed[0]


def require_outcome(column: pd.Series[Any], name: str) -> pd.Series[Any]:
    """Return a column that is an outcome.

    Raises:
        UnusableError: when it is no number, is missing in a row, or the same for all.
    """
    if not is_number(column):
        raise UnusableError(
            f"column {name!r} is not numeric, such as {column.dropna().iloc[:1].tolist()}; an "
            "outcome is 0 and 1, or a value"
        )
    strange = ~np.isfinite(column.to_numpy(np.float64, na_value=np.nan))
    if strange.any():
        raise UnusableError(
            f"column {name!r} is missing or infinite in {listed(strange)}; give 0 to people who "
            "did nothing, and leave out those of whom it is not known"
        )
    if (column == column.iloc[0]).all():
        raise UnusableError(
            f"column {name!r} is {column.iloc[0]} for everyone; choose an outcome that differs"
        )
    return column


def _require_feature(column: pd.Series[Any], name: str) -> None:
    """Refuse a text that is another one for everybody: it names people."""
    if not is_number(column) and len(column) > ARMS_MAX and column.nunique() == len(column):
        raise UnusableError(
            f"column {name!r} has a text of its own in every row, as an id has; leave it out: "
            f"--without {name}"
        )


def _names(names: Any) -> str:
    return ", ".join(map(repr, names))
