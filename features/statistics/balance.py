"""Were the arms alike before, and are they treated alike in all but the treatment?

Means before assignment are compared at .001, shared by all that are compared (Bonferroni): they are
looked at on every day, and a false alarm is dear. Sizes of arms are in `sample_ratio`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from features.statistics import score
from features.statistics.arms import Proportion
from features.statistics.contrast import between

if TYPE_CHECKING:
    from collections.abc import Mapping

    from features.statistics.arms import Statistic

P_MIN = 0.001
CROSSED_MAX = 0.01  # the share of people in two arms that is let pass


@dataclass(frozen=True)
class Imbalance:
    """A statistic from before assignment, or a count of exposures, compared between two arms."""

    name: str
    p_value: float
    threshold: float

    @property
    def ok(self) -> bool:
        """Whether the arms may be alike in it."""
        return self.p_value >= self.threshold


def imbalances(pairs: Mapping[str, tuple[Statistic, Statistic]]) -> list[Imbalance]:
    """Compare what should be alike, by name: the treated arm's statistic and the control's."""
    found = []
    for name, (treated, control) in pairs.items():
        found.append(Imbalance(name, _p_value(treated, control), P_MIN / len(pairs)))
    return found


def _p_value(treated: Statistic, control: Statistic) -> float:
    if isinstance(treated, Proportion) and isinstance(control, Proportion):
        return score.p_value(treated, control)
    contrast = between(treated, control)
    alike = 0.0 if contrast.difference else 1.0
    return contrast.p_value() if contrast.variance else alike


def too_many_crossed(crossed: int, people: int) -> bool:
    """Return whether too many people are in two arms, of all that were assigned."""
    return crossed > CROSSED_MAX * people
