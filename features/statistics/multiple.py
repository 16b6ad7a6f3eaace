"""Several tests at once: p-values and levels adjusted for how many are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values whose least is wrong with alpha at most, whatever their dependence (1979)."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    found, most = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        most = max(most, min(1.0, (len(order) - rank) * p_values[index]))
        found[index] = most
    return found


def holm_levels(rejects: Sequence[Callable[[float], bool]], alpha: float) -> list[float]:
    """Return the level of each test, at which its interval excludes zero just if Holm rejects it.

    Those that are rejected at alpha over all of them leave alpha to the others, and so on. A test
    that is looked at often says whether it rejects at a level at any look.
    """
    found, left = [alpha] * len(rejects), set(range(len(rejects)))
    while left:
        level = alpha / len(left)
        for index in left:
            found[index] = level
        gone = {index for index in left if rejects[index](level)}
        if not gone:
            break
        left -= gone
    return found


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Return p-values of which those below q have a false share of q at most (1995)."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index], reverse=True)
    found, least = [0.0] * len(p_values), 1.0
    for place, index in enumerate(order):
        least = min(least, p_values[index] * len(order) / (len(order) - place))
        found[index] = least
    return found
