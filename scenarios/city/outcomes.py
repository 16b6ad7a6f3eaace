"""What each person would do in each arm of a campaign: known, because it is drawn beforehand.

How likely they are to is a matter of the world (`worlds.py`). One number per person and campaign
decides. A person converts in an arm if their number is below the
arm's chance for them, so that the outcomes with and without a drop belong to the same person, and
their difference is that person's own uplift. For some it is negative.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from scenarios.city.draws import uniform
from scenarios.city.plan import DAY_US, HOUR_US
from scenarios.city.worlds import leaning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from scenarios.city.plan import World

VISITS_PER_CONVERSION = 3  # whoever converts has visited
VALUE_CENTS_MIN, VALUE_CENTS_MAX = 500, 20_000
DELAY_MIN_US, DELAY_MAX_US = 3 * HOUR_US, 13 * DAY_US - HOUR_US  # from assignment to conversion


class Outcomes(NamedTuple):
    """What people do if they are in an arm; each column has a row per person.

    Attributes:
        chance: the probability of converting.
        converts: whether they do.
        visits: whether they visit; those who convert do.
        value: what they then spend, in cents, whatever the arm; nothing if they don't convert.
    """

    chance: NDArray[np.float64]
    converts: NDArray[np.bool_]
    visits: NDArray[np.bool_]
    value: NDArray[np.int64]


def outcomes(
    seed: int,
    campaign: int | str,
    person: NDArray[np.int64],
    effect: NDArray[np.float64] | float,
    world: World = "seen",
) -> Outcomes:
    """Return what people do in an arm of a campaign.

    Args:
        seed: of the city.
        campaign: its number, or a drop's name.
        person: numbers.
        effect: what the arm adds to a person's chance on average; 0 without a campaign.
        world: what a person's own part of that depends on.
    """

    def draws(stream: str) -> NDArray[np.float64]:
        return uniform(seed, f"campaign/{campaign}/{stream}", person)

    base, response = leaning(world, seed, campaign, person)
    chance = np.clip(base + effect * response, 0, 1)
    luck = draws("luck")
    converts = luck < chance
    spread = (VALUE_CENTS_MAX / VALUE_CENTS_MIN) ** draws("value")
    value = np.where(converts, (VALUE_CENTS_MIN * spread).astype(np.int64), 0)
    return Outcomes(chance, converts, luck < chance * VISITS_PER_CONVERSION, value)


def delays(seed: int, campaign: int | str, person: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how long after their assignment people convert, if they do, in microseconds."""
    early = uniform(seed, f"campaign/{campaign}/delay", person) ** 2
    return (DELAY_MIN_US + early * (DELAY_MAX_US - DELAY_MIN_US)).astype(np.int64)


def effects_of(arm: NDArray[np.uint8], effects: Sequence[float]) -> NDArray[np.float64]:
    """Return the effect of the arm each person is in, by the arms' effects."""
    found: NDArray[np.float64] = np.asarray(effects)[arm]
    return found
