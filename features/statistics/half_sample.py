"""Standard errors from random halves of the people, for what has no formula of its own.

grf's half-sample bootstrap (Yadlowsky et al. 2021): halves are drawn without replacement, and the
spread of a statistic over them is its standard error, unscaled, since a half differs from the whole
by as much as the whole does from the truth. All statistics see the same halves, so that differences
are paired.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Chosen = NDArray[np.bool_]
    Statistic = Callable[[Chosen], float]

DRAWS = 200
SEED = 20_170_101


@dataclass(frozen=True)
class Measured:
    """A statistic of all people, and its standard error."""

    value: float
    standard_error: float


@dataclass(frozen=True)
class Halves:
    """Statistics by their names, and for each pair of names the first's less the second's."""

    single: dict[str, Measured]
    paired: dict[tuple[str, str], Measured]


def measure(
    statistics: Mapping[str, Statistic],
    people: int,
    *,
    groups: NDArray[np.int64] | None = None,
    draws: int = DRAWS,
) -> Halves:
    """Return each statistic, and each pair's difference, with standard errors.

    Args:
        statistics: functions of which rows are to be counted.
        people: how many rows there are.
        groups: drawn whole, such as the person behind several rows, numbered from 0; without them
            each row is drawn by itself.
        draws: how many halves.
    """
    owner = np.arange(people) if groups is None else groups
    count = int(owner.max()) + 1
    draw = np.random.default_rng(SEED)
    everyone = np.ones(people, dtype=bool)
    whole = {name: one(everyone) for name, one in statistics.items()}
    spread = np.empty((draws, len(statistics)))
    for row in spread:
        half = np.zeros(count, dtype=bool)
        half[draw.permutation(count)[: count // 2]] = True
        row[:] = [one(half[owner]) for one in statistics.values()]
    drawn = dict(zip(statistics, spread.T, strict=True))
    return Halves(
        {name: Measured(whole[name], float(drawn[name].std(ddof=1))) for name in statistics},
        {
            (a, b): Measured(whole[a] - whole[b], float((drawn[a] - drawn[b]).std(ddof=1)))
            for a in statistics
            for b in statistics
            if a != b
        },
    )
