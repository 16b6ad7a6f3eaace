"""Several tests at once: p-values and levels adjusted for how many are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values whose least is wrong with alpha at most, whatever their dependence (1979)."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    found, most = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        most = max(most, min(1.0, (len(order) - rank) * p_values[index]))
        found[index] = most
    return found


def holm_levels(p_values: Sequence[float], alpha: float) -> list[float]:
    """Return the level of each test, at which its interval excludes zero just if Holm rejects it.

    The tests that are rejected share alpha as they were stepped down; all others have the level at
    which the first of them was not.
    """
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    found, stopped = [0.0] * len(p_values), None
    for rank, index in enumerate(order):
        level = alpha / (len(order) - rank)
        if stopped is None and p_values[index] > level:
            stopped = level
        found[index] = level if stopped is None else stopped
    return found


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Return p-values of which those below q have a false share of q at most (1995)."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index], reverse=True)
    found, least = [0.0] * len(p_values), 1.0
    for place, index in enumerate(order):
        least = min(least, p_values[index] * len(order) / (len(order) - place))
        found[index] = least
    return found
