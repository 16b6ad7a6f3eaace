"""A file of features and an outcome, and which columns say when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from features.uplift.errors import UnusableError
from features.uplift.reading import as_times, require_outcome, table_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd


@dataclass(frozen=True)
class Suspects:
    """Features and outcome of a file, with the moments and sources of its rows."""

    features: pd.DataFrame
    outcome: pd.Series[Any]
    times: pd.Series[Any] | None
    sources: dict[str, pd.Series[Any]]


def read(
    path: Path,
    *,
    outcome: str,
    time: str | None = None,
    sources: Mapping[str, str] | None = None,
    features: Sequence[str] = (),
    without: Sequence[str] = (),
    known_before: Sequence[str] = (),
) -> Suspects:
    """Read a Parquet or CSV file for the gate.

    Raises:
        UnusableError: when it can't be read, naming column, rows and remedy.
    """
    table = table_of(path)
    dated = dict(sources or {})
    named = [outcome, *features, *without, *known_before, *dated, *dated.values()]
    for name in [*named, *([time] if time else [])]:
        if name not in table.columns:
            raise UnusableError(
                f"{path.name} has no column {name!r}; there are "
                f"{', '.join(map(repr, table.columns))}"
            )
    left_out = {outcome, time, *without, *dated.values()}
    names = [name for name in features or table.columns if name not in left_out]
    if not names:
        raise UnusableError(
            f"{path.name} has no column left for a feature; name some by --features"
        )
    return Suspects(
        features=table[names],
        outcome=require_outcome(table[outcome], outcome),
        times=None if time is None else as_times(table[time], time),
        sources={name: as_times(table[column], column) for name, column in dated.items()},
    )
