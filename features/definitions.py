"""The features that models of who redeems read: the campaign's channel, and some of the catalogue.

`sql/features/definitions/` says what each is and how it is computed, the table `feature_rows` has a
column for each; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from features.sets.catalogue import OURS
from features.sets.files import read_feature

if TYPE_CHECKING:
    from features.sets.files import Feature, Kind

CHOSEN = (
    "recency_days",
    "tenure_days",
    "purchases_7d",
    "purchases_28d",
    "purchases_84d",
    "purchase_days_84d",
    "spend_28d_cents",
    "spend_84d_cents",
    "spend_largest_cents",
    "spend_average_cents",
    "spend_trend",
    "campaigns_contacted",
    "campaigns_running",
    "contact_recency_days",
    "redemptions",
    "redemptions_90d",
    "campaigns_redeemed",
    "redemption_recency_days",
    "redemption_rate",
)
"""Of the catalogue, by name."""

BASELINE = "redemption_rate"
"""The naive model: whoever redeemed before will redeem again."""


@dataclass(frozen=True)
class Column:
    """One column that learners read."""

    name: str
    dtype: str  # in ClickHouse
    kind: Kind  # how a linear learner reads it
    meaning: str


@cache
def defined() -> tuple[Feature, ...]:
    """Return the definitions of those that are in the catalogue, in the order of the columns."""
    return tuple(read_feature(OURS / "definitions" / f"{name}.sql") for name in CHOSEN)


CHANNEL = Column("channel", "LowCardinality(String)", "category", "channel of the campaign")

FEATURES: tuple[Column, ...] = (
    CHANNEL,
    *(Column(one.name, one.dtype, one.kind, one.meaning) for one in defined()),
)
"""In the order of the columns."""

NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)


def named(*kinds: Kind) -> list[str]:
    """Return the names of the features of `kinds`, in the order of the columns."""
    return [feature.name for feature in FEATURES if feature.kind in kinds]
