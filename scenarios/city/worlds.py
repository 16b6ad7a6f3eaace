"""How people respond to a campaign, by the world they live in; docs/city.md has the formula.

In `seen` a person is of a kind: persuadable, sure (they convert anyway), lost (they never do) or
put off by being asked. Which kind is drawn, with chances that follow from what others can see of
them: age, habit, activity, carrier. It stays theirs, so what they did in earlier campaigns tells
of it, too. In `nothing` people are of the same kinds, but no campaign changes anybody. In `unseen`
each person's response to each campaign is drawn apart from everything else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from scenarios.city.draws import uniform
from scenarios.city.people import HABITS, Traits, chosen_each, traits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scenarios.city.plan import World

    Floats = NDArray[np.float64]

KINDS = ("persuadable", "sure", "lost", "put_off")
BASE = np.array([0.05, 0.28, 0.02, 0.10])  # each kind's chance of converting without a campaign
RESPONSE = np.array([2.5, 0.0, 0.0, -0.8])  # times an arm's effect; about 1 on average

# In `unseen`, and the same two for everyone.
CHANCE_MIN, CHANCE_MAX = 0.02, 0.12
RESPONSE_MIN, RESPONSE_MAX = -0.5, 2.5

EFFECTS = {0: 0.0, 5: 0.04, 10: 0.08, 20: 0.10, 50: 0.12}
"""What so many coins add to a chance, on average; straight lines between, no more above."""


class Points(NamedTuple):
    """What a trait adds to the logarithm of each kind's weight, in the order of `KINDS`."""

    start: tuple[float, ...] = (0.8, -2.0, 1.0, -1.5)
    age: tuple[float, ...] = (-1.2, 0.8, 0.5, 0.0)  # for every 20 years over 40, from 30 on
    activity: tuple[float, ...] = (0.0, 4.0, -2.0, 0.0)  # times it
    early: tuple[float, ...] = (-1.0, 0.0, 0.0, 1.5)
    night: tuple[float, ...] = (1.5, 0.0, 0.0, 0.0)
    telecom: tuple[float, ...] = (0.5, 0.0, 0.0, 0.0)
    unicom: tuple[float, ...] = (0.0, 0.0, 0.0, 1.0)


POINTS = Points()
AGE_FROM, AGE_MIDDLE, AGE_STEP = 30, 40, 20
TELECOM, UNICOM = 1, 2


class Leaning(NamedTuple):
    """How people lean before a campaign draws them.

    Attributes:
        base: each one's chance of converting without it.
        response: each one's part of an arm's effect; below 0 for those who are put off.
    """

    base: Floats
    response: Floats


def effect_of(coins: NDArray[np.int64] | int) -> Floats:
    """Return what so many coins add to a person's chance of converting, on average."""
    return np.asarray(np.interp(coins, list(EFFECTS), list(EFFECTS.values())))


def shares(known: Traits) -> Floats:
    """Return the chance of each kind (column) for people of these traits (row)."""
    years = (np.maximum(known.age.astype(np.float64), AGE_FROM) - AGE_MIDDLE) / AGE_STEP
    columns = {
        "start": np.ones(len(years)),
        "age": years,
        "activity": known.activity,
        "early": known.habit == HABITS.index("early"),
        "night": known.habit == HABITS.index("night"),
        "telecom": known.carrier == TELECOM,
        "unicom": known.carrier == UNICOM,
    }
    points = np.zeros((len(years), len(KINDS)))
    for name, column in columns.items():
        points += np.outer(column, getattr(POINTS, name))
    weights = np.exp(points)
    found: Floats = weights / weights.sum(axis=1, keepdims=True)
    return found


def kinds(seed: int, person: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return of which kind people are: numbers in `KINDS`."""
    return chosen_each(shares(traits(seed, person)), uniform(seed, "people/kind", person))


def leaning(world: World, seed: int, campaign: int | str, person: NDArray[np.int64]) -> Leaning:
    """Return how people lean towards a campaign."""
    if world == "unseen":
        base = CHANCE_MIN + (CHANCE_MAX - CHANCE_MIN) * uniform(seed, "people/buys", person)
        drawn = uniform(seed, f"campaign/{campaign}/response", person)
        return Leaning(base, RESPONSE_MIN + (RESPONSE_MAX - RESPONSE_MIN) * drawn)
    kind = kinds(seed, person)
    moved = RESPONSE if world == "seen" else np.zeros(len(KINDS))
    return Leaning(BASE[kind], moved[kind])


def mean_base(world: World) -> float:
    """Return roughly which share of people convert without a campaign."""
    return (CHANCE_MIN + CHANCE_MAX) / 2 if world == "unseen" else 0.1
