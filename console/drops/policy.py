"""Up to which size a drop needs nobody's approval, and from which on two people's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.settings import ConsoleSettings


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Limits of a drop's size.

    Attributes:
        over_coins: budget above which one person approves.
        over_people: people who get coins above whose number one person approves.
        twice_over_coins: budget above which two people do.
        twice_over_people: people who get coins above whose number two people do.
    """

    over_coins: int = 100_000
    over_people: int = 1_000
    twice_over_coins: int = 1_000_000
    twice_over_people: int = 10_000

    def needed(self, coins: int, people: int) -> int:
        """Return how many people approve a drop of that budget for so many people."""
        return (coins > self.over_coins or people > self.over_people) + (
            coins > self.twice_over_coins or people > self.twice_over_people
        )


USUAL = Policy()


def policy_of(settings: ConsoleSettings) -> Policy:
    """Return the policy that the settings give."""
    return Policy(
        over_coins=settings.approve_over_coins,
        over_people=settings.approve_over_people,
        twice_over_coins=settings.approve_twice_over_coins,
        twice_over_people=settings.approve_twice_over_people,
    )
