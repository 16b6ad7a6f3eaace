"""Every purchase of a campaign's people since their assignment, for quantiles of what was spent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from features.statistics.arms import Quantile, Ratio, quantile_levels

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from console.reports.basis import QueryLog


@dataclass(frozen=True)
class Purchases:
    """An arm's purchases: who (by any number), on which day since the first assignment, cents."""

    person: NDArray[np.int64]
    day: NDArray[np.int64]
    cents: NDArray[np.int64]

    def until(self, day: int) -> Purchases:
        """Return those up to the end of `day`."""
        kept = self.day <= day
        return Purchases(self.person[kept], self.day[kept], self.cents[kept])

    def quantile(self, level: float, people: int) -> Quantile | None:
        """Return a quantile of what was spent at once, by people, who were randomised."""
        import numpy as np

        found = len(self.cents)
        if not found:
            return None
        low, value, high = np.quantile(
            self.cents, quantile_levels(level, found), method="inverted_cdf"
        ).tolist()
        _, owner = np.unique(self.person, return_inverse=True)
        below = np.bincount(owner, self.cents <= value)
        each = np.bincount(owner).astype(float)
        sums = (below.sum(), below @ below, each.sum(), each @ each, below @ each)
        return Quantile(level, found, low, value, high, Ratio(people, *map(float, sums)))


def purchases(log: QueryLog, campaign: str) -> dict[str, Purchases]:
    """Return the purchases of each arm that has any."""
    import numpy as np

    return {
        row["arm"]: Purchases(
            *(np.array(row[key], dtype=np.int64) for key in ("people", "days", "cents"))
        )
        for row in log.rows("reports/purchases", campaign=campaign)
    }
