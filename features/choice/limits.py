"""Within what is chosen: a budget, a least reach, and shares of the budget by segment."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from features.choice.levels import ImpossibleError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Share:
    """The least and the most of the budget that is spent on a segment, 0 to 1."""

    least: float = 0.0
    most: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a choice must keep.

    Attributes:
        budget: coins that may be spent in all.
        people_min: people that must be chosen, at least.
        shares: of the budget, by the segment's number.
    """

    budget: float
    people_min: int = 0
    shares: Mapping[int, Share] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse limits that nothing can keep."""
        if not (math.isfinite(self.budget) and self.budget >= 0):
            raise ImpossibleError(f"budget: {self.budget:g} is not a number of at least 0")
        for segment, share in self.shares.items():
            if not 0 <= share.least <= share.most <= 1:
                raise ImpossibleError(
                    f"shares: {share.least:g} to {share.most:g} of segment {segment} are not a "
                    "least and a most between 0 and 1"
                )
        least = sum(share.least for share in self.shares.values())
        if least > 1 + 1e-9:
            raise ImpossibleError(
                f"shares: the least ones add up to {least:g} of the budget; lower them to 1 in all"
            )
