"""By lineage: a feature that was made from something later than the moment it is to describe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from features.uplift.experiment import is_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

TEXTS_MIN = 0.95  # of texts that are times, for a column to be one of times
LENGTH_MIN = 8  # of a text that is a time: 20260501
YEARS = 10  # on either side of the moments, in which a number is taken for seconds since 1970


def times_in(column: pd.Series[Any], times: pd.Series[Any] | None) -> pd.Series[Any] | None:
    """Return a column as times in UTC if it holds times, as such, as texts or as seconds."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return pd.to_datetime(column, utc=True)
    if is_number(column):
        return None if times is None else _from_seconds(column, times)
    texts = column.dropna().astype(str)
    if texts.empty or (texts.str.len() < LENGTH_MIN).mean() > 1 - TEXTS_MIN:
        return None
    found = pd.to_datetime(column, utc=True, errors="coerce", format="ISO8601")
    return found if found.notna().sum() >= TEXTS_MIN * len(texts) else None


def _from_seconds(column: pd.Series[Any], times: pd.Series[Any]) -> pd.Series[Any] | None:
    """Return numbers as times if all of them would be within some years of the moments."""
    values = column.to_numpy(np.float64, na_value=np.nan)
    known = values[np.isfinite(values)]
    if not len(known):
        return None
    margin = YEARS * 365.25 * 86_400
    moments = times.astype("datetime64[ns, UTC]").astype(np.int64) / 1e9
    for scale in (1.0, 1e3):  # seconds, or thousandths
        low, high = (moments.min() - margin) * scale, (moments.max() + margin) * scale
        if known.min() >= low and known.max() <= high:
            seconds = pd.Series(values / scale, index=column.index)
            found: pd.Series[Any] = pd.to_datetime(seconds, unit="s", utc=True)
            return found
    return None


def later(source: pd.Series[Any], times: pd.Series[Any]) -> str | None:
    """Return in words in how many rows a source is later than the moment, or nothing."""
    apart = (source.reset_index(drop=True) - times.reset_index(drop=True)).dt.total_seconds()
    after: NDArray[np.bool_] = (apart > 0).to_numpy()
    if not after.any():
        return None
    most = float(apart.max()) / 86_400
    return (
        f"later than the moment in {int(after.sum()):,} of {len(after):,} rows, by up to "
        f"{most:,.1f} days"
    )
