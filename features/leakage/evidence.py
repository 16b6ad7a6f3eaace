"""What the gate found, feature by feature; one form for table, JSON and card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["refused", "look", "fine", "vouched for"]


@dataclass(frozen=True)
class Evidence:
    """What is known of one feature.

    `power` is the AUC with which the feature alone tells the outcome of rows that its levels were
    not measured on, 0.5 to 1; `low` and `high` bound it with 95 %. `in_order` is the same when only
    earlier rows tell of later ones; nothing where no times were given.
    """

    feature: str
    power: float
    low: float
    high: float
    in_order: float | None
    verdict: Verdict
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """What is known of a set of features, the most telling first."""

    rows: int
    positives: int
    told: str  # which outcome counts as 1
    shuffled: float | None  # AUC of all features together, rows shuffled; nothing with too few rows
    in_order: float | None  # the same, only earlier rows telling of later ones
    verdict: Verdict
    reasons: tuple[str, ...]  # of the set as a whole
    features: tuple[Evidence, ...]

    @property
    def refused(self) -> tuple[Evidence, ...]:
        """The features that know too much."""
        return tuple(one for one in self.features if one.verdict == "refused")
