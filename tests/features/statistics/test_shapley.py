"""Shapley values: published games, and the axioms on games made at random."""

from __future__ import annotations

import math
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.statistics.shapley import monotonic, shapley


def game(players: int, worth: object) -> list[float]:
    assert callable(worth)
    return [
        float(worth({n + 1 for n in range(players) if mask >> n & 1}))
        for mask in range(1 << players)
    ]


GLOVES = game(3, lambda some: 3 in some and len(some) > 1)
# Littlechild and Owen (1973): a runway for the largest aeroplane of those who use it.
LENGTHS = (0, 40, 50, 60, 70, 80, 90)
AIRPORT = game(6, lambda some: max((LENGTHS[n] for n in some), default=0))
# The example of Sage's documentation of cooperative games: letters that spell words.
LETTERS = [0, 6, 12, 12, 42, 42, 42, 42]
# Shapley and Shubik (1954): a council of one with two votes and three with one; three decide.
COUNCIL = game(4, lambda some: len(some) + (1 in some) >= 3)


@pytest.mark.parametrize(
    ("worth", "values"),
    [
        (GLOVES, [1 / 6, 1 / 6, 4 / 6]),
        (AIRPORT, [40 / 6, 52 / 6, 67 / 6, 87 / 6, 117 / 6, 177 / 6]),
        (LETTERS, [2, 5, 35]),
        (COUNCIL, [1 / 2, 1 / 6, 1 / 6, 1 / 6]),
        ([0, 7], [7]),
    ],
    ids=["gloves", "airport", "letters", "council", "alone"],
)
def test_published_games(worth: list[float], values: list[float]) -> None:
    assert shapley(worth) == pytest.approx(values)


def _games(least: float = -50) -> st.SearchStrategy[list[float]]:
    return st.integers(1, 4).flatmap(
        lambda n: st.lists(st.floats(least, 50, allow_nan=False), min_size=1 << n, max_size=1 << n)
    )


@given(_games())
def test_a_value_is_what_a_player_adds_over_all_orders(worth: list[float]) -> None:
    players = len(worth).bit_length() - 1
    added = [0.0] * players
    for order in permutations(range(players)):
        before = 0
        for player in order:
            added[player] += worth[before | 1 << player] - worth[before]
            before |= 1 << player
    expected = [value / math.factorial(players) for value in added]
    assert shapley(worth) == pytest.approx(expected, abs=1e-9)
    assert math.fsum(shapley(worth)) == pytest.approx(worth[-1] - worth[0], abs=1e-9)


@given(_games(0))
def test_the_monotonic_game_is_the_least_above_in_which_nobody_takes_away(
    worth: list[float],
) -> None:
    best = monotonic(worth)
    for own, value in enumerate(best):
        assert value == max(worth[part] for part in range(len(worth)) if part & own == part)
    assert min(shapley(best)) >= -1e-12
