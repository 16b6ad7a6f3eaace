-- One row per campaign, basis and day: the people, as a bitmap of their numbers, whatever the channel, format
-- and creative. What is asked without a cut reads a sixth of the bitmaps of reach_days.
CREATE TABLE IF NOT EXISTS reach_by_day
(
    campaign LowCardinality(String),
    basis LowCardinality(String), -- contacted, served, viewable
    paid Bool,
    day Date,
    people AggregateFunction(groupBitmap, UInt32)
)
ENGINE = AggregatingMergeTree
ORDER BY (campaign, basis, paid, day)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 16
