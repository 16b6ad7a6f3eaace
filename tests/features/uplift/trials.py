"""Experiments that are drawn, with effects that are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

PEOPLE = 4_000


@dataclass(frozen=True)
class Trial:
    """What was observed, and the true effect of each arm (column) on each person."""

    X: pd.DataFrame
    arm: NDArray[np.int64]
    y: NDArray[np.float64]
    propensity: NDArray[np.float64]
    effect: NDArray[np.float64]

    def given(self) -> tuple[object, object, object, object]:
        return self.X, self.arm, self.y, self.propensity


def trial(
    seed: int = 0,
    *,
    people: int = PEOPLE,
    arms: int = 2,
    is_binary: bool = True,
    size: float = 0.3,
) -> Trial:
    """Draw one: `size` is the effect of the last arm on people of carrier a, of others it is 0.

    Some ages and carriers are missing, and the chance of an arm depends on the carrier.
    """
    draw = np.random.default_rng(seed)
    carrier = draw.choice(np.array(["a", "b", "c"], dtype=object), people, p=[0.4, 0.3, 0.3])
    X = pd.DataFrame(
        {
            "age": draw.integers(18, 80, people).astype(float),
            "carrier": carrier,
            "spend": draw.lognormal(3, 1, people),
            "is_new": draw.random(people) < 0.3,
            "never": np.full(people, np.nan),
        }
    )
    chances = np.where((carrier == "b")[:, None], *_chances(arms))
    arm = (draw.random(people)[:, None] > chances.cumsum(axis=1)).sum(axis=1)
    steps = size * np.arange(1, arms) / (arms - 1)
    effect = np.where((carrier == "a")[:, None], steps, 0.0)
    of_own = np.column_stack([np.zeros(people), effect])[np.arange(people), arm]
    base = 0.2 + 0.1 * X["is_new"].to_numpy()
    if is_binary:
        y = (draw.random(people) < base + of_own).astype(float)
    else:
        y = base + of_own + draw.normal(0, 0.4, people)
    X.loc[draw.random(people) < 0.1, "age"] = np.nan
    X.loc[draw.random(people) < 0.02, "carrier"] = None
    return Trial(X, arm, y, chances[np.arange(people), arm], effect)


def _chances(arms: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the chances of the arms for people of carrier b, and for others."""
    even = np.full(arms, 1 / arms)
    more = np.append(0.7, np.full(arms - 1, 0.3 / (arms - 1)))
    return more, even
