-- One row a person and a moment: features of what happened before it, and what came after.
-- The columns after label are the features of features/definitions.py, in its order.
CREATE TABLE IF NOT EXISTS feature_rows
(
    program LowCardinality(String), -- whose people and purchases they are
    as_of Date, -- the date partition the row was built for
    purpose LowCardinality(String), -- training, running, later: past, present and future
                                    -- campaigns at as_of; scoring: everyone, at as_of itself
    campaign LowCardinality(String), -- '' for scoring
    person String,
    at DateTime64(6, 'UTC'), -- the campaign's start; for scoring as_of
    label Nullable(UInt8), -- 1 if the person redeemed in the campaign; null for scoring
    channel LowCardinality(String),
    recency_days Nullable(Float64),
    tenure_days Nullable(Float64),
    purchases_7d UInt32,
    purchases_28d UInt32,
    purchases_84d UInt32,
    purchase_days_84d UInt32,
    spend_28d_cents Int64,
    spend_84d_cents Int64,
    spend_largest_cents Int64,
    spend_average_cents Nullable(Float64),
    spend_trend Nullable(Float64),
    campaigns_contacted UInt32,
    campaigns_running UInt32,
    contact_recency_days Nullable(Float64),
    redemptions UInt32,
    redemptions_90d UInt32,
    campaigns_redeemed UInt32,
    redemption_recency_days Nullable(Float64),
    redemption_rate Nullable(Float64)
)
ENGINE = MergeTree
PARTITION BY (program, as_of, purpose)
ORDER BY (program, as_of, purpose, campaign, person)
