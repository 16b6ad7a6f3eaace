"""RATE: how much more a treatment does for those whom a rule ranks first than for everyone.

The rank-weighted average treatment effect of Yadlowsky, Fleming, Shah, Brunskill and Wager (2021),
as grf defines it. TOC(q) is the mean effect among the share q that is ranked first, less the mean
effect of all. AUTOC is the mean of TOC over all shares, QINI that of q TOC(q); both are in units of
the outcome per person, and 0 for a rule that knows nothing. This QINI is neither scikit-uplift's
(`policy.qini`) nor causalml's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from features.statistics.half_sample import DRAWS, Halves, measure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Weighting = Literal["autoc", "qini"]


class Ordering:
    """People in the order of a rule, sorted once; its RATE for all of them or for some.

    Args:
        effects: an unbiased score of each person's effect, such as the doubly robust one.
        priorities: by which people are ranked, the highest first; equal ones share their mean.
    """

    def __init__(self, effects: Floats, priorities: Floats) -> None:
        self.order = np.argsort(-priorities, kind="stable")
        self.effects = effects[self.order]
        ranked = priorities[self.order]
        self.tie = np.append(0, np.cumsum(ranked[1:] != ranked[:-1]))

    def rate(self, weighting: Weighting, chosen: NDArray[np.bool_] | None = None) -> float:
        """Return the RATE among `chosen` people, or among all."""
        effects, tie = self.effects, self.tie
        if chosen is not None:
            kept = chosen[self.order]
            effects, tie = effects[kept], tie[kept]
        counts, sums = np.bincount(tie), np.bincount(tie, weights=effects)
        shared = np.divide(sums, counts, out=np.zeros(len(sums)), where=counts > 0)[tie]
        return float(_weights(len(shared), weighting) @ shared)


def _weights(people: int, weighting: Weighting) -> Floats:
    """Return how much the effect at each place counts: the sums over shares, in closed form.

    (H_n - H_(i-1) - 1) / n at place i for AUTOC, H being the harmonic numbers, and
    ((n - i + 1) / n - (n + 1) / 2n) / n for QINI; either sums to 0.
    """
    place = np.arange(1, people + 1)
    if weighting == "qini":
        found: Floats = ((people - place + 1) / people - (people + 1) / (2 * people)) / people
        return found
    harmonic = np.append(0.0, np.cumsum(1 / place))
    return np.asarray((harmonic[people] - harmonic[:people] - 1) / people, dtype=np.float64)


def rate(effects: Floats, priorities: Floats, weighting: Weighting) -> float:
    """Return the RATE of one rule; see `Ordering`."""
    return Ordering(effects, priorities).rate(weighting)


def rates(
    effects: Floats,
    rules: Mapping[str, Floats],
    weighting: Weighting,
    *,
    groups: NDArray[np.int64] | None = None,
    draws: int = DRAWS,
) -> Halves:
    """Return the RATE of each rule by its name, and of each pair, with half-sample errors."""
    ordered = {name: Ordering(effects, one) for name, one in rules.items()}
    statistics = {
        name: lambda chosen, one=one: one.rate(weighting, chosen) for name, one in ordered.items()
    }
    return measure(statistics, len(effects), groups=groups, draws=draws)
