"""The population stability index: how far a column's distribution has moved.

It is the sum over bins of (p - q) ln(p / q), where q and p are the shares of people in the bin
before and now. Bins are the tenths of what it was before, or its 20 most frequent categories and
the rest; those of whom nothing is known are a bin. By the usual rule of thumb (Siddiqi, Credit Risk
Scorecards, 2006), below .1 nothing has changed, and from .25 on it is another population.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

SLIGHT, STRONG = 0.1, 0.25
TENTHS, CATEGORIES = 10, 20
SHARE_MIN = 1e-4  # of a bin, so that an empty one does not make the index infinite


def stability(column: pa.ChunkedArray, before: pa.ChunkedArray) -> float:
    """Return the population stability index of a column against what it was before."""
    shares = _category_shares if column.type == "string" else _number_shares
    now, then = shares(column, before)
    now, then = np.maximum(now, SHARE_MIN), np.maximum(then, SHARE_MIN)
    return float(((now - then) * np.log(now / then)).sum())


def _number_shares(
    column: pa.ChunkedArray, before: pa.ChunkedArray
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    known = before.drop_null().to_numpy().astype(np.float64)
    steps = np.linspace(0, 1, TENTHS + 1)[1:-1]
    tenths = np.quantile(known, steps, method="lower") if len(known) else np.empty(0)
    # a heap of equal values, such as zeros, is a bin of its own
    edges = np.unique(np.concatenate([tenths, np.nextafter(tenths, np.inf)]))

    def shares(each: pa.ChunkedArray) -> NDArray[np.float64]:
        values = each.drop_null().to_numpy().astype(np.float64)
        bins = np.searchsorted(edges, values, side="right")
        counts = np.bincount(bins, minlength=len(edges) + 1)
        return np.append(counts, len(each) - len(values)) / len(each)

    return shares(column), shares(before)


def _category_shares(
    column: pa.ChunkedArray, before: pa.ChunkedArray
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    counted = pc.value_counts(before).to_pylist()
    counted.sort(key=lambda one: (-one["counts"], one["values"]))
    names = [one["values"] for one in counted[:CATEGORIES]]

    def shares(each: pa.ChunkedArray) -> NDArray[np.float64]:
        counts = {one["values"]: one["counts"] for one in pc.value_counts(each).to_pylist()}
        own = [counts.get(name, 0) for name in names]
        return np.array([*own, len(each) - sum(own)]) / len(each)

    return shares(column), shares(before)
