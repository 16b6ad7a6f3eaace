"""What an effect amounts to: more people or money, at what cost each, and of the whole business."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Increment:
    """What the treated did beyond what they would have, in people or in the value's unit."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class CostPerIncrement:
    """What one more of it cost; where none may have been caused, no cost is finite."""

    value: float | None  # none where nothing was caused
    low: float | None  # none where surely nothing was caused
    high: float | None  # none where possibly nothing was caused: there is no finite cost

    @property
    def finite(self) -> bool:
        """Whether the cost surely has an upper end."""
        return self.high is not None


@dataclass(frozen=True)
class GlobalLift:
    """An experiment's effect on the whole business, if everyone it was for had been treated."""

    lift: float  # of the total without the treatment
    coverage: float  # the share of the total that people of the experiment brought


def increment(difference: float, low: float, high: float, people: int) -> Increment:
    """Return what a difference per person, with its interval, is for so many treated people."""
    return Increment(difference * people, low * people, high * people)


def cost_per_increment(cost: float, found: Increment) -> CostPerIncrement:
    """Return the cost of one, whose ends are the cost over the increment's ends, turned round."""
    return CostPerIncrement(
        value=_per(cost, found.value), low=_per(cost, found.high), high=_per(cost, found.low)
    )


def _per(cost: float, increment: float) -> float | None:
    return cost / increment if increment > 0 else None


def global_lift(
    treated_total: float,
    control_total: float,
    whole: float,
    *,
    treated_share: float,
    enrolled_share: float = 1.0,
) -> GlobalLift:
    """Return the effect on the whole (Eppo's global lift).

    Args:
        treated_total: the metric's sum over the treated arm.
        control_total: that over the control arm.
        whole: that over everyone, in the experiment or not.
        treated_share: of the experiment's people, those treated; between 0 and 1.
        enrolled_share: of the people it was for, those in the experiment; above 0.
    """
    if not (0 < treated_share < 1 and 0 < enrolled_share <= 1):
        raise ValueError(
            f"shares of {treated_share} treated and {enrolled_share} enrolled are impossible"
        )
    both = treated_total + control_total
    untreated = control_total / (1 - treated_share)  # all of them, had nobody been treated
    caused = (treated_total / treated_share - untreated) / enrolled_share
    return GlobalLift(lift=caused / (whole - both + untreated), coverage=both / whole)
