-- One row per campaign, basis, day and kind of event: the people, as a bitmap of their numbers. Inserting
-- an event again changes nothing.
CREATE TABLE IF NOT EXISTS reach_days
(
    campaign LowCardinality(String),
    basis LowCardinality(String), -- contacted, served, viewable
    paid Bool,
    day Date,
    channel LowCardinality(String),
    format LowCardinality(String),
    creative LowCardinality(String),
    people AggregateFunction(groupBitmap, UInt32)
)
ENGINE = AggregatingMergeTree
ORDER BY (campaign, basis, paid, day, channel, format, creative)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 64
