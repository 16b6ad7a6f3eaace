"""The features: name, type, unit and meaning, in one place.

`sql/features/rows.sql` computes them, the table `feature_rows` holds them and the learners read
them; a test compares all three with this list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["category", "count", "amount", "days", "share"]


@dataclass(frozen=True)
class Feature:
    """One feature of a person as of a moment; only what happened before the moment counts."""

    name: str
    dtype: str  # of its column in ClickHouse
    kind: Kind  # how a linear learner reads it
    description: str


FEATURES: tuple[Feature, ...] = (
    Feature("channel", "LowCardinality(String)", "category", "channel of the campaign"),
    Feature("recency_days", "Nullable(Float64)", "days", "since the last purchase"),
    Feature("tenure_days", "Nullable(Float64)", "days", "since the first purchase"),
    Feature("purchases_7d", "UInt32", "count", "purchases in the last 7 days"),
    Feature("purchases_28d", "UInt32", "count", "purchases in the last 28 days"),
    Feature("purchases_84d", "UInt32", "count", "purchases in the last 84 days"),
    Feature("purchase_days_84d", "UInt32", "count", "days with a purchase in the last 84"),
    Feature("spend_28d_cents", "Int64", "amount", "spent in the last 28 days"),
    Feature("spend_84d_cents", "Int64", "amount", "spent in the last 84 days"),
    Feature("spend_largest_cents", "Int64", "amount", "largest purchase so far"),
    Feature("spend_average_cents", "Nullable(Float64)", "amount", "spent per purchase so far"),
    Feature(
        "spend_trend", "Nullable(Float64)", "share", "last 28 days' spend over a third of 84's"
    ),
    Feature("campaigns_contacted", "UInt32", "count", "campaigns that contacted the person"),
    Feature("campaigns_running", "UInt32", "count", "of those, the ones whose offer has not ended"),
    Feature("contact_recency_days", "Nullable(Float64)", "days", "since the last contact"),
    Feature("redemptions", "UInt32", "count", "redemptions in campaigns so far"),
    Feature("redemptions_90d", "UInt32", "count", "redemptions in the last 90 days"),
    Feature("campaigns_redeemed", "UInt32", "count", "campaigns with a redemption so far"),
    Feature("redemption_recency_days", "Nullable(Float64)", "days", "since the last redemption"),
    Feature(
        "redemption_rate",
        "Nullable(Float64)",
        "share",
        "ratio of campaigns redeemed to campaigns contacted; nothing without a contact",
    ),
)

NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)
"""Names in the order of the columns."""

BASELINE = "redemption_rate"
"""The naive model: whoever redeemed before will redeem again."""


def named(*kinds: Kind) -> list[str]:
    """Return the names of the features of `kinds`, in the order of the columns."""
    return [feature.name for feature in FEATURES if feature.kind in kinds]
