"""Was a feature known before the draw? Then the arms are alike in it, but for chance.

What people did afterwards differs by arm wherever the arms differ, and a learner that sees it only
says what has already happened. So a column in which the arms differ is refused by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from features.uplift.errors import UnusableError
from features.uplift.experiment import is_number

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from features.uplift.experiment import Experiment

P_MIN = 1e-4  # shared by all columns (Bonferroni)
EXPECTED_MIN = 5  # people of a category and arm; rarer categories are counted together


def require_known_before(data: Experiment) -> None:
    """Refuse columns in which the arms differ by more than chance.

    Numbers are compared by Kruskal and Wallis's test of ranks, categories and what is missing by
    chi-squared. Where people's chances of an arm differ, the arms may well differ in what those
    were based on, and nothing can be said.

    Raises:
        UnusableError: naming each such column, how sure that is, and the remedy.
    """
    if any(np.ptp(data.propensity[data.arm == arm]) > 0 for arm in range(data.arms)):
        return
    columns = data.features
    found = {name: _p_value(columns[name], data.arm) for name in columns.columns}
    late = {name: p for name, p in found.items() if p < P_MIN / len(found)}
    if late:
        told = ", ".join(f"{name!r} (p = {p:.0e})" for name, p in late.items())
        words = " ".join(f"--without {name}" for name in late)
        raise UnusableError(
            f"the arms differ in {told}, so it was not known before people were drawn into them; "
            f"leave it out: {words}"
        )


def _p_value(column: pd.Series[Any], arm: NDArray[np.int64]) -> float:
    missing = column.isna().to_numpy()
    found = [_of_counts(missing.astype(np.int64), arm)]
    if not is_number(column):
        found.append(_of_counts(pd.factorize(column)[0], arm))
    else:
        values = column.to_numpy(np.float64, na_value=np.nan)
        parts = [values[(arm == one) & ~missing] for one in np.unique(arm)]
        known = values[~missing]
        if all(map(len, parts)) and np.ptp(known) > 0:
            found.append(float(stats.kruskal(*parts).pvalue))
    return min(found)


def _of_counts(codes: NDArray[np.int64], arm: NDArray[np.int64]) -> float:
    """Return the p-value of a table of categories by arm."""
    counts = pd.crosstab(codes, arm).to_numpy()
    expected = counts.sum(axis=1)[:, None] * counts.sum(axis=0)[None, :] / counts.sum()
    rare = (expected < EXPECTED_MIN).any(axis=1)
    table = np.vstack([counts[~rare], counts[rare].sum(axis=0, keepdims=True)])
    table = table[table.sum(axis=1) > 0]
    return float(stats.chi2_contingency(table).pvalue) if len(table) > 1 else 1.0
