"""What a budget gains where each person may have one of several arms at a cost (multi-armed Qini).

Sverdrup, Wu, Athey and Wager (2023): each person's arms are reduced to the upper concave envelope
of predicted effect over cost, from nothing; the steps of all envelopes are taken by effect per
cost, steepest first, until the budget is spent. The gain is measured with scores that the rule has
not seen. Steps of equal slope are taken in equal parts, so a rule that knows nothing of people is a
line. Whoever is predicted to be harmed is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from features.statistics.half_sample import DRAWS, Halves, measure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CostCurve:
    """Spend and gain per person, from (0, 0); beyond its end more budget buys nothing."""

    spend: Floats
    gain: Floats

    def at(self, budget: float) -> float:
        """Return the gain per person of a budget per person."""
        return float(np.interp(budget, self.spend, self.gain))

    def mean_up_to(self, budget: float) -> float:
        """Return the mean gain per person over all budgets from 0 to `budget`."""
        inside = self.spend < budget
        spend = np.append(self.spend[inside], budget)
        gain = np.append(self.gain[inside], self.at(budget))
        return float(np.trapezoid(gain, spend)) / budget


def cost_curve(predicted: Floats, costs: Floats, effects: Floats) -> CostCurve:
    """Return the gain over the budget of the rule that trusts `predicted`.

    Args:
        predicted: the effect of each arm (column) on each person (row), against control.
        costs: of each arm, per person, above 0.
        effects: an unbiased score of the same effects, such as the doubly robust one.
    """
    slopes, spends, gains = (np.concatenate(one) for one in _steps(predicted, costs, effects))
    if not len(slopes):
        return CostCurve(np.zeros(1), np.zeros(1))
    order = np.argsort(-slopes, kind="stable")
    ends = np.append(np.nonzero(np.diff(slopes[order]))[0], len(order) - 1)
    spend, gain = (np.cumsum(one[order])[ends] / len(predicted) for one in (spends, gains))
    return CostCurve(np.append(0.0, spend), np.append(0.0, gain))


def mean_gains(
    rules: Mapping[str, Floats],
    costs: Floats,
    effects: Floats,
    budget: float,
    *,
    draws: int = DRAWS,
) -> Halves:
    """Return each rule's mean gain over budgets up to `budget`, and of each pair, with errors."""
    statistics = {
        name: lambda chosen, one=one: cost_curve(one[chosen], costs, effects[chosen]).mean_up_to(
            budget
        )
        for name, one in rules.items()
    }
    return measure(statistics, len(effects), draws=draws)


def without_people(predicted: Floats) -> Floats:
    """Return the same rule without what it knows of people: each arm's mean for everyone."""
    return np.broadcast_to(predicted.mean(axis=0), predicted.shape)


def _steps(predicted: Floats, costs: Floats, effects: Floats) -> list[list[Floats]]:
    """Return slope, cost and gain of the steps of everyone's envelope, one array per round.

    From where a person stands, the next arm of the envelope is the dearer one of steepest slope; of
    equally steep ones the dearest.
    """
    dearest = np.argsort(-costs, kind="stable")
    costs = costs[dearest]
    level, spent, gained = (np.zeros(len(predicted)) for _ in range(3))
    people = np.arange(len(predicted))  # those whose envelope goes on
    found: list[list[Floats]] = [[np.zeros(0)] for _ in range(3)]
    while len(people):
        rise = predicted[np.ix_(people, dearest)] - level[people, None]
        run = costs[None, :] - spent[people, None]
        slope = np.divide(rise, run, out=np.full(rise.shape, -np.inf), where=run > 0)
        to = slope.argmax(axis=1)
        steep = slope[np.arange(len(people)), to]
        people, to, steep = people[steep > 0], to[steep > 0], steep[steep > 0]
        gain = effects[people, dearest[to]]
        for place, values in zip(
            found, (steep, costs[to] - spent[people], gain - gained[people]), strict=True
        ):
            place.append(values)
        level[people], spent[people] = predicted[people, dearest[to]], costs[to]
        gained[people] = gain
    return found
