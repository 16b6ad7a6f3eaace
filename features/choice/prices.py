"""What a choice's limits are worth, and by them the most that any choice could be worth.

Lagrange's bound: with a price of a coin, more or less of it in a segment, and a reward for reaching
a person, everyone takes what is best for them. Whatever the prices, no choice that keeps the limits
is worth more than that, with the limits at their prices added.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.choice.levels import Levels
    from features.choice.limits import Limits

    Floats = NDArray[np.float64]
    Labels = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Prices:
    """Effect that one more unit of each limit is worth.

    Attributes:
        coin: of the budget.
        segments: what a coin spent in each segment costs above (a most share) or below (a least
            share) that.
        person: reward for reaching a person at all, where a least reach asks for it.
    """

    coin: float
    segments: Floats
    person: float = 0.0

    def of(self, groups: Labels | None) -> Floats | float:
        """Return the price of a coin for each person."""
        return self.coin if groups is None else self.coin + self.segments[groups]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Who is chosen, for which amount, and how good that is.

    Attributes:
        levels: of each person the amount's number from 1; 0 is nothing.
        value: the effect of it, in the unit of the effects.
        cost: its expected cost, in coins.
        people: how many are chosen.
        prices: by which it was found.
        bound: no choice within the limits is worth more.
    """

    levels: NDArray[np.int8]
    value: float
    cost: float
    people: int
    prices: Prices
    bound: float

    @property
    def gap(self) -> float:
        """The share of the bound that is at most given away."""
        return max(0.0, 1 - self.value / self.bound) if self.bound > 0 else 0.0


def bound(table: Levels, limits: Limits, prices: Prices, groups: Labels | None = None) -> float:
    """Return the most effect that any choice within the limits can have, by these prices."""
    total = prices.coin * limits.budget - prices.person * limits.people_min
    for segment, share in limits.shares.items():
        price = float(prices.segments[segment])
        total += limits.budget * (share.most * max(price, 0.0) - share.least * max(-price, 0.0))
    for rows, values, costs in table.chunks():
        own = prices.of(None if groups is None else groups[rows])
        net = values - np.reshape(own, (-1, 1)) * costs
        total += float(np.maximum(net.max(axis=1) + prices.person, 0.0).sum())
    return total


def valued(
    table: Levels,
    limits: Limits,
    chosen: NDArray[np.int8],
    prices: Prices,
    groups: Labels | None,
) -> Choice:
    """Return what the levels `chosen` are worth and cost, with the bound by `prices`."""
    rows = np.nonzero(chosen)[0]
    picked = chosen[rows].astype(np.int64) - 1
    return Choice(
        levels=chosen,
        value=float(table.values[rows, picked].sum()),
        cost=float(table.costs[rows, picked].sum()),
        people=len(rows),
        prices=prices,
        bound=bound(table, limits, prices, groups),
    )
