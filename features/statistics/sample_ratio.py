"""Do the arms hold as many people as the assignment probabilities imply?

Pearson's chi-squared where every arm should hold many. Where one should hold few, that
approximation is off by more than the threshold: then the p-value is exact, the chance under the
probabilities of any split that is no likelier than the one found (two arms: the binomial test).
With too many splits to count them all it is simulated instead, with a fixed seed; (1 + as unlikely)
/ (1 + drawn) keeps it a valid p-value.

`sequential` is valid at every look: the chance of the counts under the probabilities over that
under shares drawn about them (a Dirichlet-multinomial; Lindon and Malek 2022).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import chdtrc, gammaln
from scipy.stats import binomtest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Counts = NDArray[np.int64]

P_MIN = 0.001  # below it the split is not the one that was drawn
EXACT_BELOW = 50  # expected people in an arm; above, the curve's .001 is off by a fifth at most
SPLITS_MAX = 100_000  # counted one by one
DRAWS = 100_000
SEED = 20_170_101
CONCENTRATION = 10_000.0  # of the shares drawn: about .5 points apart for two even arms
TIE = 1e-7  # chances as close as this count as equal

Way = Literal["chi-squared", "exact", "drawn"]


@dataclass(frozen=True)
class SampleRatio:
    """The people in each arm against the assignment probabilities."""

    chi_squared: float
    degrees: int
    p_value: float
    method: Way
    expected: dict[str, float]  # people by arm

    @property
    def ok(self) -> bool:
        """Whether the split may be as drawn; if not, no comparison can be trusted."""
        return self.p_value >= P_MIN


def sample_ratio(people: Mapping[str, int], probabilities: Mapping[str, float]) -> SampleRatio:
    """Check people by arm against the probability of each arm.

    Args:
        people: by arm; an empty arm counts with 0.
        probabilities: by the same arms, above 0; if they don't add up to 1, their shares count.
    """
    if people.keys() != probabilities.keys() or not people:
        raise ValueError(f"arms {sorted(people)} have probabilities for {sorted(probabilities)}")
    whole = math.fsum(probabilities.values())
    counts = np.array(list(people.values()), dtype=np.int64)
    shares = np.array([probabilities[arm] / whole for arm in people])
    expected = counts.sum() * shares
    chi_squared = float(((counts - expected) ** 2 / expected).sum()) if counts.any() else 0.0
    method, p_value = _judge(counts, shares, chi_squared)
    return SampleRatio(
        chi_squared=chi_squared,
        degrees=len(people) - 1,
        p_value=p_value,
        method=method,
        expected=dict(zip(people, expected.tolist(), strict=True)),
    )


def sequential(
    looks: Sequence[Mapping[str, int]],
    probabilities: Mapping[str, float],
    concentration: float = CONCENTRATION,
) -> tuple[float, ...]:
    """Return the p-value at each look, the least so far; valid whenever one stops.

    Args:
        looks: people by arm so far, at each look.
        probabilities: by arm, above 0; if they don't add up to 1, their shares count.
        concentration: how close to the probabilities the other shares are; fixed before launch.
    """
    whole = math.fsum(probabilities.values())
    shares = np.array(list(probabilities.values())) / whole
    prior = concentration * shares
    least, found = 0.0, []
    for look in looks:
        if look.keys() != probabilities.keys():
            raise ValueError(f"arms {sorted(look)} have probabilities for {sorted(probabilities)}")
        counts = np.array([look[arm] for arm in probabilities], dtype=np.float64)
        likely = float((counts * np.log(shares)).sum())
        drawn = _log_beta(prior + counts) - _log_beta(prior)
        least = min(least, likely - drawn)
        found.append(math.exp(least))
    return tuple(found)


def _log_beta(of: Floats) -> float:
    return float(gammaln(of).sum() - gammaln(of.sum()))


def _judge(counts: Counts, shares: Floats, chi_squared: float) -> tuple[Way, float]:
    total, arms = int(counts.sum()), len(counts)
    if arms == 1 or not total:
        return "exact", 1.0
    curve = float(chdtrc(arms - 1, chi_squared))
    if total * shares.min() >= EXACT_BELOW:
        return "chi-squared", curve
    if arms == 2:  # noqa: PLR2004 - a split in two has a test of its own
        return "exact", float(binomtest(int(counts[0]), total, shares[0]).pvalue)
    found = _log_chances(counts[None, :], shares)[0] + TIE
    if math.comb(total + arms - 1, arms - 1) <= SPLITS_MAX:
        chances = _log_chances(_splits(total, arms), shares)
        return "exact", min(1.0, float(np.exp(chances[chances <= found]).sum()))
    drawn = np.random.default_rng(SEED).multinomial(total, shares, DRAWS)
    unlikely = int((_log_chances(drawn, shares) <= found).sum())
    # Where no draw was so unlikely, the curve says how far beyond them it is.
    return "drawn", (1 + unlikely) / (1 + DRAWS) if unlikely else min(curve, 1 / (1 + DRAWS))


def _log_chances(splits: Counts, shares: Floats) -> Floats:
    """Return the logarithm of each split's chance, one per row."""
    ways = gammaln(splits.sum(axis=1) + 1) - gammaln(splits + 1).sum(axis=1)
    chances: Floats = ways + splits @ np.log(shares)
    return chances


def _splits(total: int, arms: int) -> Counts:
    """Return every way to split `total` people: bars between stars."""
    bars = np.array(list(combinations(range(total + arms - 1), arms - 1)), dtype=np.int64)
    edges = np.column_stack([np.full(len(bars), -1), bars, np.full(len(bars), total + arms - 1)])
    return np.diff(edges, axis=1) - 1
