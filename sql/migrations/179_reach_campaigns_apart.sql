-- One row per campaign and basis, as 081 has it, now with a campaign or two in a granule: reading one no
-- longer unpacks the bitmaps of ten others.
CREATE OR REPLACE TABLE reach_campaigns
(
    campaign LowCardinality(String),
    basis LowCardinality(String), -- contacted, served, viewable
    paid Bool,
    people AggregateFunction(groupBitmap, UInt32)
)
ENGINE = AggregatingMergeTree
ORDER BY (campaign, basis, paid)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 8
