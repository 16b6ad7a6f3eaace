"""The upper concave envelope of each person's amounts: the only ones that can be best.

An amount below the line between two others is never best, at whatever price of a coin (linear
programming dominance: Sinha and Zoltners 1979). What is left are steps, each with less effect per
coin than the one before, so that taking the best steps of all people first is best.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.choice.levels import Levels

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Steps:
    """The steps of all people, each with at least as much effect per coin as the next.

    A person's own come in their order. `level` is the amount (from 1) that a step leads to.
    """

    person: NDArray[np.int64]
    slope: Floats  # effect per coin
    cost: Floats  # coins more than at the step before
    level: NDArray[np.int8]


def steps(table: Levels, reward: float = 0.0) -> Steps:
    """Return the steps of the envelope through (0, 0), the best first.

    Args:
        table: effects and costs.
        reward: for reaching a person at all, added to each effect.
    """
    found: list[tuple[NDArray[np.int64], Floats, Floats, NDArray[np.int8]]] = []
    for rows, values, costs in table.chunks():
        found += _wrapped(values + reward, costs, rows.start)
    if not found:
        empty = np.zeros(0)
        return Steps(empty.astype(np.int64), empty, empty, empty.astype(np.int8))
    person, slope, cost, level = (np.concatenate(parts) for parts in zip(*found, strict=True))
    del found
    # Later rounds come later, so that a stable order keeps a person's steps in theirs.
    order = np.argsort(-slope, kind="stable")
    return Steps(person[order], slope[order], cost[order], level[order])


def _wrapped(
    values: Floats, costs: Floats, first: int
) -> list[tuple[NDArray[np.int64], Floats, Floats, NDArray[np.int8]]]:
    """Return the steps of some people, round by round: each goes to where the slope is steepest."""
    found = []
    person = np.arange(len(values))
    at_value, at_cost = np.zeros(len(values)), np.zeros(len(values))
    last = np.full(len(values), np.inf)
    for _ in range(values.shape[1]):
        gain, more = values - at_value[:, None], costs - at_cost[:, None]
        slopes = np.divide(gain, more, out=np.zeros_like(gain), where=(more > 0) & (gain > 0))
        level = slopes.shape[1] - 1 - np.argmax(slopes[:, ::-1], axis=1)  # of equal ones, the last
        each = np.arange(len(values))
        top = np.minimum(slopes[each, level], last)  # concave to the last digit
        there = top > 0
        if not there.any():
            break
        each, level = each[there], level[there]
        person, values, costs, last = person[there], values[there], costs[there], top[there]
        found.append((person + first, last, more[each, level], (level + 1).astype(np.int8)))
        rest = np.arange(len(values))
        at_value, at_cost = values[rest, level], costs[rest, level]
    return found
