-- One row per campaign, day, kind of event and partition: how many events, and their cost. The partition
-- lets the feed correct what it stored of one without touching what others store meanwhile.
CREATE TABLE IF NOT EXISTS reach_sums
(
    campaign LowCardinality(String),
    kind LowCardinality(String), -- contact, exposure
    paid Bool,
    day Date,
    channel LowCardinality(String),
    format LowCardinality(String),
    creative LowCardinality(String),
    partition UInt16,
    events Int64,
    measurable Int64,
    viewable Int64,
    cents Int64, -- of those that gave a cost
    priced Int64 -- events that gave a cost
)
ENGINE = SummingMergeTree
ORDER BY (campaign, kind, paid, day, channel, format, creative, partition)
SETTINGS non_replicated_deduplication_window = 10000
