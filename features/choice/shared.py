"""One amount for all, or for each declared segment, chosen by the same programme.

Whom is then chosen as with personal amounts, of whom each has one level. Which amounts: all
combinations where they are few; otherwise those that are best at some price of a coin.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from features.choice.levels import ImpossibleError, Levels, levels
from features.choice.personal import chosen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from features.choice.limits import Limits
    from features.choice.prices import Choice

    Floats = NDArray[np.float64]
    Labels = NDArray[np.int64]

TRIED_MAX = 5_000_000  # people times combinations of amounts: more are not all tried
HALVINGS = 40


@dataclass(frozen=True, kw_only=True)
class SharedChoice:
    """A choice with one amount (its number, from 1) for everyone chosen of a segment."""

    choice: Choice
    levels: tuple[int, ...]  # by segment


def choose_one(values: Any, costs: Any, limits: Limits, segments: Any = None) -> SharedChoice:
    """Choose one amount for all, and whom; see `features.choice.personal.choose`.

    Raises:
        ImpossibleError: when no amount keeps the limits.
    """
    table = levels(values, costs)
    groups = None if segments is None else np.asarray(segments, dtype=np.int64)
    one = np.zeros(table.people, dtype=np.int64)
    return _best(table, limits, one, ((level,) for level in range(table.count)), groups)


def choose_by_segment(values: Any, costs: Any, limits: Limits, segments: Any) -> SharedChoice:
    """Choose one amount for each segment, and whom.

    Args:
        values: the effect of each amount (column) on each person (row).
        costs: the expected cost of each.
        limits: budget, least reach, shares.
        segments: the number of each person's segment, from 0.

    Raises:
        ImpossibleError: when no amounts keep the limits.
    """
    table = levels(values, costs)
    groups = np.asarray(segments, dtype=np.int64)
    count = int(groups.max(initial=0)) + 1
    most, path = _priced(table, limits.budget, groups, count)
    if table.people * table.count**count <= TRIED_MAX:
        every = product(range(table.count), repeat=count)
        return _best(table, limits, groups, every, groups)
    # The bound of the combinations tried is none of the others; that by prices is of all.
    found = _best(table, limits, groups, path, groups)
    return replace(found, choice=replace(found.choice, bound=max(most, found.choice.value)))


def _best(
    table: Levels,
    limits: Limits,
    owners: Labels,
    tried: Iterable[tuple[int, ...]],
    groups: Labels | None,
) -> SharedChoice:
    """Return the best choice among those with the `tried` amounts of the `owners`."""
    best: SharedChoice | None = None
    most, refused = 0.0, ImpossibleError("there are no amounts to choose from; give some")
    for amounts in tried:
        level = np.array(amounts, dtype=np.int64)[owners]
        try:
            found = chosen(table.only(level), limits, groups)
        except ImpossibleError as error:
            refused = error
            continue
        most = max(most, found.bound)
        if best is None or found.value > best.choice.value:
            picked = (found.levels * (level + 1)).astype(np.int8)
            numbers = tuple(int(one) + 1 for one in amounts)
            best = SharedChoice(choice=replace(found, levels=picked), levels=numbers)
    if best is None:
        raise refused
    return replace(best, choice=replace(best.choice, bound=most))


def _priced(
    table: Levels, budget: float, groups: Labels, count: int
) -> tuple[float, list[tuple[int, ...]]]:
    """Return the least bound over prices of a coin, and the amounts that are best at one of them.

    The bound leaves out reach and shares: what is the most without them is the most with them.
    """
    low, high = 0.0, float((table.values / table.costs).max(initial=0.0))
    price, most = 0.0, np.inf
    path: dict[tuple[int, ...], None] = {}
    each = np.arange(count)
    for _ in range(HALVINGS):
        worth, spent = _by_segment(table, price, groups, count)
        amounts = worth.argmax(axis=1)
        path[tuple(int(one) for one in amounts)] = None
        most = min(most, price * budget + float(worth[each, amounts].sum()))
        if float(spent[each, amounts].sum()) > budget:
            low = price
        elif price == 0.0:  # everyone fits
            break
        else:
            high = price
        price = (low + high) / 2
    return float(most), list(path)


def _by_segment(table: Levels, price: float, groups: Labels, count: int) -> tuple[Floats, Floats]:
    """Return what each amount (column) is worth in each segment (row) at a price, and its cost."""
    worth, spent = np.zeros((count, table.count)), np.zeros((count, table.count))
    for rows, values, costs in table.chunks():
        net = values - price * costs
        for level in range(table.count):
            gain = np.maximum(net[:, level], 0.0)
            worth[:, level] += np.bincount(groups[rows], gain, minlength=count)
            cost = np.where(gain > 0, costs[:, level], 0.0)
            spent[:, level] += np.bincount(groups[rows], cost, minlength=count)
    return worth, spent
