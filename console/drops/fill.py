"""Who fills the places of a drop: most by score, a few at random, and with which chance.

Three ways lead into a drop. Most places go to the best scores. A share goes to people drawn from
everyone else alike, so that the next model also learns of people whom this one thinks little of.
And whoever switched personalisation off is neither preferred nor passed over by a score: as many of
them as is their share of the people are drawn among them, so that each has the chance that people
have on average. Draws go by the order of a keyed hash; the chances are exact, not estimated.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Draw = Callable[[str, str], bytes]  # of what, for which person: bytes as if at random

BY_SCORE = "score"
BY_EXPLORING = "exploring"
BY_LOT = "lot"  # personalisation is off


@dataclass(frozen=True)
class Lots:
    """What is left to chance: a share of the places, and people who switched personalisation off.

    The share is rounded to the nearest whole number of places.
    """

    explore: float = 0.0
    impersonal: frozenset[str] = frozenset()


NO_LOTS = Lots()


@dataclass(frozen=True)
class Filled:
    """Who is in the drop, by which way, and everyone's chance of being in it."""

    chosen_by: dict[str, str]
    chances: dict[str, float]


def fill(people: Sequence[str], places: int, lots: Lots, draw: Draw) -> Filled:
    """Fill the places.

    Args:
        people: who may be in the drop, the best score first.
        places: how many may.
        lots: what is left to chance.
        draw: decides by chance.

    Returns:
        The chances given how many of those without personalisation are in, which is drawn first.
    """
    impersonal = lots.impersonal
    if places >= len(people):
        ways = {one: BY_LOT if one in impersonal else BY_SCORE for one in people}
        return Filled(ways, dict.fromkeys(people, 1.0))
    lot = [one for one in people if one in impersonal]
    others = [one for one in people if one not in impersonal]
    due = places * len(lot) / len(people)
    taken = floor(due) + (_unit(draw("places", "")) < due - floor(due))
    ways = dict.fromkeys(_drawn(lot, taken, "lot", draw), BY_LOT)
    left = places - taken
    explorers = floor(lots.explore * left + 0.5)
    ways |= dict.fromkeys(_drawn(others, explorers, "explore", draw), BY_EXPLORING)
    scored = [one for one in others if one not in ways][: left - explorers]
    ways |= dict.fromkeys(scored, BY_SCORE)
    chances = dict.fromkeys(lot, places / len(people))
    chances |= dict(zip(others, _chances(len(others), left, explorers), strict=True))
    return Filled(ways, chances)


def _drawn(people: Sequence[str], count: int, what: str, draw: Draw) -> list[str]:
    return sorted(people, key=lambda one: draw(what, one))[:count] if count else []


def _unit(drawn: bytes) -> float:
    """Return a number from 0 to below 1."""
    return int.from_bytes(drawn[:6], "big") / 2**48


def _chances(people: int, places: int, explorers: int) -> list[float]:
    """Return the chance of each rank to get a place.

    A person is an explorer with the chance explorers / people. Otherwise they get a place if so
    many of those before them are explorers that few enough are not: the place of the last who is
    taken by score, among the others, has a negative hypergeometric distribution.
    """
    import numpy as np
    from scipy.special import gammaln

    share, by_score = explorers / people if people else 0.0, places - explorers
    by_rank = np.zeros(people)
    by_rank[:by_score] = 1.0
    if explorers and by_score:

        def ways(n: Floats, k: Floats) -> Floats:
            found: Floats = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
            return found

        last = np.arange(
            by_score, places + 1, dtype=np.float64
        )  # where the last by score may stand
        others, ahead = np.array(people - 1.0), np.array(by_score - 1.0)
        behind, drawn = others - explorers - by_score, np.array(float(explorers))
        weights = np.exp(ways(last - 1, ahead) + ways(others - last, behind) - ways(others, drawn))
        at_least = weights[::-1].cumsum()[::-1]
        by_rank[by_score:places] = at_least[1:]
    return [float(one) for one in share + (1 - share) * np.minimum(by_rank, 1.0)]
