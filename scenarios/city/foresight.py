"""The best that anybody could foresee of what a campaign does to a person, from what can be seen.

Bayes' rule: how likely each kind is follows from the traits, and from what the person did in the
campaigns before, whatever arm they were in. No model can do better on average: it knows as much at
most, and here the formula is known as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scenarios.city.outcomes import VISITS_PER_CONVERSION
from scenarios.city.people import traits
from scenarios.city.worlds import (
    BASE,
    CHANCE_MAX,
    CHANCE_MIN,
    KINDS,
    RESPONSE,
    RESPONSE_MAX,
    RESPONSE_MIN,
    shares,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scenarios.city.outcomes import Outcomes
    from scenarios.city.plan import World

    Floats = NDArray[np.float64]

BLOCK_PEOPLE = 65_536
GRID = 200  # of chances, and of responses, where both are drawn


class Foresight:
    """How likely each person is of each kind, as far as can be seen; 16 bytes each.

    Args:
        world: the city's.
        seed: of the city.
        people: how many live there.
    """

    def __init__(self, world: World, seed: int, people: int) -> None:
        self.world = world
        self.odds = np.empty((people if world == "seen" else 0, len(KINDS)), dtype=np.float32)
        for start in range(0, len(self.odds), BLOCK_PEOPLE):
            block = np.arange(start, min(start + BLOCK_PEOPLE, people))
            self.odds[block] = shares(traits(seed, block))

    def effects(self, person: NDArray[np.int64], effect: float) -> Floats:
        """Return what an arm of this effect is expected to change of each one's chance."""
        if self.world == "seen":
            found: Floats = effect * (self.odds[person].astype(np.float64) @ RESPONSE)
            return found
        return np.full(len(person), _mean_change(effect) if self.world == "unseen" else 0.0)

    def learn(self, person: NDArray[np.int64], effect: Floats, done: Outcomes) -> None:
        """Learn from what each did in a campaign, in an arm of this effect."""
        if self.world != "seen":
            return
        converting = BASE + np.outer(effect, RESPONSE)
        visiting = np.minimum(converting * VISITS_PER_CONVERSION, 1)
        chance = np.where(
            done.converts[:, None],
            converting,
            np.where(done.visits[:, None], visiting - converting, 1 - visiting),
        )
        odds = self.odds[person] * chance
        self.odds[person] = odds / odds.sum(axis=1, keepdims=True)


def _mean_change(effect: float) -> float:
    """Return the mean change of a chance that stays between 0 and 1, over everyone alike."""
    middle = (np.arange(GRID) + 0.5) / GRID
    base = CHANCE_MIN + (CHANCE_MAX - CHANCE_MIN) * middle[:, None]
    response = RESPONSE_MIN + (RESPONSE_MAX - RESPONSE_MIN) * middle
    return float((np.clip(base + effect * response, 0, 1) - base).mean())
