"""Choose a drop's people from a ranked audience and draw its arms; pure and reproducible.

Those who may not be contacted are left out with the reason. As many of the rest are taken as the
treated people's grants fit the budget (`fill` says who); then exactly `holdout_size(n)` of the n
taken are drawn into the holdout by the order of an HMAC over drop and person, so that whoever holds
the drop secret can draw the same arms again and nobody else can foresee them.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING

from console.drops.fill import BY_SCORE, NO_LOTS, Lots, fill

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TREATED = "drop"
HOLDOUT = "holdout"

MINOR = "minor"
NO_CONSENT = "no_consent"
NO_WALLET = "no_wallet"
WALLET_CLOSED = "wallet_closed"
WALLET_FROZEN = "wallet_frozen"
NEVER_REACHED = "never_reached"
COOLDOWN = "cooldown"
ENOUGH_DROPS = "enough_drops"
OVER_BUDGET = "over_budget"
REASONS = (
    *(MINOR, NO_CONSENT, NO_WALLET, WALLET_CLOSED, WALLET_FROZEN),
    *(NEVER_REACHED, COOLDOWN, ENOUGH_DROPS, OVER_BUDGET),
)


@dataclass(frozen=True)
class Candidate:
    """A person of the audience; rank 1 comes first."""

    person: str
    rank: int
    score: float | None


@dataclass(frozen=True)
class Member:
    """A person of the drop: the arm drawn, and its probability."""

    person: str
    rank: int
    score: float | None
    arm: str
    probability: float
    chosen_by: str = BY_SCORE
    chance: float | None = None  # to be in the drop at all; None: of a drop from before


@dataclass(frozen=True)
class LeftOut:
    """A person who is not in the drop, and why (one of `REASONS`)."""

    person: str
    rank: int
    score: float | None
    reason: str
    chance: float | None = None  # that there was to be in the drop


@dataclass(frozen=True)
class Selection:
    """Everyone of the audience, by rank: in the drop or left out."""

    members: tuple[Member, ...]
    left_out: tuple[LeftOut, ...]


def holdout_size(people: int, holdout: float) -> int:
    """Return how many of `people` are held out: the nearest whole number, halves up."""
    return floor(Fraction(str(holdout)) * people + Fraction(1, 2))


def capacity(budget: int, amount: int, holdout: float) -> int:
    """Return the most people a drop can hold so that its treated people's grants fit `budget`."""
    treated_max = budget // amount
    people = floor(treated_max / (1 - Fraction(str(holdout))))
    while people + 1 - holdout_size(people + 1, holdout) <= treated_max:
        people += 1
    while people - holdout_size(people, holdout) > treated_max:
        people -= 1
    return people


def draw(secret: str, drop: str, person: str) -> bytes:
    """Return the 32 bytes by whose order the people of `drop` are held out, smallest first."""
    return hmac.digest(secret.encode(), f"{drop}\0{person}".encode(), "sha256")


def select(
    candidates: Iterable[Candidate],
    *,
    drop: str,
    budget: int,
    amount: int,
    holdout: float,
    secret: str,
    blocked: Mapping[str, str],
    lots: Lots = NO_LOTS,
) -> Selection:
    """Choose and randomise the people of `drop`.

    Args:
        candidates: the audience, in any order.
        drop: the drop's name, part of what is drawn.
        budget: coins in all.
        amount: coins for each treated person.
        holdout: share held out, from 0 to below 1.
        secret: key of the draw.
        blocked: person to the reason for which they may not take part.
        lots: what is left to chance of who gets a place.

    Returns:
        Members and left out, each by rank (ties by person).
    """
    ordered = sorted(candidates, key=lambda c: (c.rank, c.person))
    fit = [c for c in ordered if c.person not in blocked]
    filled = fill(
        [c.person for c in fit],
        capacity(budget, amount, holdout),
        lots,
        lambda what, person: draw(secret, f"{drop}\0{what}", person),
    )
    inside = filled.chosen_by
    taken = [c for c in fit if c.person in inside]
    held = holdout_size(len(taken), holdout)
    by_draw = sorted(taken, key=lambda c: draw(secret, drop, c.person))
    held_out = {c.person for c in by_draw[:held]}
    share = held / len(taken) if taken else 0.0
    members = tuple(
        Member(
            c.person,
            c.rank,
            c.score,
            HOLDOUT if c.person in held_out else TREATED,
            share if c.person in held_out else 1 - share,
            inside[c.person],
            filled.chances[c.person],
        )
        for c in taken
    )
    left_out = tuple(
        LeftOut(
            c.person,
            c.rank,
            c.score,
            blocked.get(c.person, OVER_BUDGET),
            filled.chances.get(c.person, 0.0),
        )
        for c in ordered
        if c.person not in inside
    )
    return Selection(members, left_out)
