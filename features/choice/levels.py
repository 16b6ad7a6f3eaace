"""What each amount would do for each person and cost: checked, and monotone in the amount."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

CHUNK = 65_536  # people at a time: what is computed of them fits the processor's cache
LEVELS_MAX = 100
ROWS_AND_COLUMNS = 2


class ImpossibleError(click.ClickException, ValueError):
    """What is asked for can't be chosen; the sentence says why, and what to change."""


@dataclass(frozen=True)
class Levels:
    """Effect and cost of each amount (column, ascending) on each person (row).

    More coins never do less: effects are the running maximum over the amounts, from nothing at no
    cost. What is estimated as harm is so no reason to give more.
    """

    values: Floats
    costs: Floats

    @property
    def people(self) -> int:
        """How many people."""
        return len(self.values)

    @property
    def count(self) -> int:
        """How many amounts."""
        return len(self.values.T)

    def chunks(self) -> Iterator[tuple[slice, Floats, Floats]]:
        """Yield some people at a time: which, their effects and their costs."""
        for start in range(0, self.people, CHUNK):
            rows = slice(start, min(start + CHUNK, self.people))
            yield rows, self.values[rows], self.costs[rows]

    def only(self, level: NDArray[Any]) -> Levels:
        """Return each person's given level (from 0) alone."""
        rows = np.arange(self.people)
        return Levels(self.values[rows, level][:, None], self.costs[rows, level][:, None])


def levels(values: Any, costs: Any) -> Levels:
    """Check effects and costs.

    Args:
        values: the effect of each amount (column, ascending) on each person (row), in any unit.
        costs: the expected cost of each, in coins: amount x chance that it is taken and spent; one
            row for all, or one a person.

    Raises:
        ImpossibleError: when they do not fit each other or can't be chosen by.
    """
    effects = np.asarray(values, dtype=np.float64)
    if effects.ndim != ROWS_AND_COLUMNS or not 1 <= effects.shape[1] <= LEVELS_MAX:
        raise ImpossibleError(
            f"effects have the shape {effects.shape}; give a row per person and 1 to {LEVELS_MAX} "
            "columns, one per amount"
        )
    spent = np.broadcast_to(np.asarray(costs, dtype=np.float64), effects.shape)
    if not np.isfinite(effects).all() or not np.isfinite(spent).all():
        raise ImpossibleError("effects or costs are not all numbers; leave those people out")
    if effects.size and ((spent[:, 0] <= 0).any() or (np.diff(spent, axis=1) <= 0).any()):
        raise ImpossibleError(
            "costs do not rise from each amount to the next, from above 0; order the amounts, or "
            "leave out one that costs as much as another"
        )
    rising = np.maximum(effects, 0.0)
    np.maximum.accumulate(rising, axis=1, out=rising)
    return Levels(rising, spent)
