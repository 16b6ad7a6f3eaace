"""Choosing a learner inside the training campaigns, in chronological order.

Each campaign of the later half is predicted by a fit on the campaigns that had ended when it
began, as will be the case for the next campaign.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from features.learners import LEARNERS, chances, fit_plain
from features.measures import Comparison, compare
from features.rows import baseline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from features.rows import Campaign

REDEEMERS_MIN = 20  # fewer teach nothing; nor do fewer who did not redeem


@dataclass(frozen=True)
class Validation:
    """What the learners did on campaigns that they had not seen, and which one was chosen."""

    chosen: str
    comparisons: dict[str, Comparison]  # by learner; empty when there was too little to judge by
    campaigns: tuple[str, ...]  # predicted
    rows: int
    people: int
    redeemers: int
    open_campaigns: tuple[str, ...] = ()


def validate(table: pd.DataFrame, campaigns: list[Campaign]) -> Validation:
    """Predict the later half of `campaigns` in chronological order with every learner.

    Args:
        table: Training rows of all `campaigns`.
        campaigns: Those that had ended, by start.

    Returns:
        The learner with the highest AUC within campaigns, and how each did.
    """
    names = list(LEARNERS)
    parts: list[pd.DataFrame] = []
    for past, held in _splits(table, campaigns):
        part = held.assign(naive=baseline(held, past["label"].mean()))
        for name in names:
            part[f"chance_{name}"] = chances(fit_plain(name, past), held)
        parts.append(part)
    if not parts or len(set((joined := pd.concat(parts))["label"])) == 1:
        return Validation(names[0], {}, (), 0, 0, 0)
    comparisons = {name: _compared(joined, name) for name in names}
    return Validation(
        chosen=max(names, key=lambda name: _rank(comparisons[name])),
        comparisons=comparisons,
        campaigns=tuple(part["campaign"].iloc[0] for part in parts),
        rows=len(joined),
        people=int(joined["person"].nunique()),
        redeemers=int(joined["label"].sum()),
    )


def _splits(
    table: pd.DataFrame, campaigns: list[Campaign]
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    for one in campaigns[len(campaigns) // 2 :]:
        ended = [other.campaign for other in campaigns if other.finish < one.start]
        past = table[table["campaign"].isin(ended)]
        if teaches(past):
            yield past, table[table["campaign"] == one.campaign]


def teaches(table: pd.DataFrame) -> bool:
    """Return whether enough people redeemed, and enough did not, to learn the difference."""
    redeemers = int(table["label"].sum())
    return min(redeemers, len(table) - redeemers) >= REDEEMERS_MIN


def _rank(one: Comparison) -> float:
    """Return what decides the choice; nobody is comparable within campaigns of one outcome each."""
    found = one.auc if one.within_auc is None else one.within_auc
    return -1.0 if found is None else found


def _compared(joined: pd.DataFrame, name: str) -> Comparison:
    return compare(
        joined["label"].to_numpy(np.int64),
        joined[f"chance_{name}"].to_numpy(np.float64),
        joined["naive"].to_numpy(np.float64),
        joined["campaign"].to_numpy(object),
        joined["person"].to_numpy(object),
        draws=300,
    )
