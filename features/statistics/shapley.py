"""Shapley values (1953): what each player of a game brings, averaged over all orders of joining."""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PLAYERS_MAX = 12  # a game of n players has 2**n coalitions


def shapley(worth: Sequence[float]) -> list[float]:
    """Return the value of each player, exactly; together they are what all are worth, less none.

    Args:
        worth: of each coalition; bit n of its place says whether player n is in it.
    """
    players = len(worth).bit_length() - 1
    weight = [1 / (players * comb(players - 1, size)) for size in range(players)]
    found = [0.0] * players
    for coalition, value in enumerate(worth):
        others = coalition.bit_count()
        for player in range(players):
            if not coalition >> player & 1:
                more = worth[coalition | 1 << player] - value
                found[player] += weight[others] * more
    return found


def monotonic(worth: Sequence[float]) -> list[float]:
    """Return the game in which a coalition is worth its best part: nobody who joins takes away."""
    best = list(worth)
    for player in range(len(worth).bit_length() - 1):
        for coalition in range(len(worth)):
            if coalition >> player & 1:
                best[coalition] = max(best[coalition], best[coalition ^ 1 << player])
    return best
