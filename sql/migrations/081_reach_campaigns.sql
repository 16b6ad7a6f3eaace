-- One row per campaign and basis: the people of all its days, as a bitmap of their numbers.
CREATE TABLE IF NOT EXISTS reach_campaigns
(
    campaign LowCardinality(String),
    basis LowCardinality(String), -- contacted, served, viewable
    paid Bool,
    people AggregateFunction(groupBitmap, UInt32)
)
ENGINE = AggregatingMergeTree
ORDER BY (campaign, basis, paid)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 64
