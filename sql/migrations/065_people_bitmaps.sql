-- One row per group of people, as a bitmap of their numbers: `seen` is everyone, `known` those of whom
-- more than an id is known: a wallet, a profile or a link.
CREATE TABLE IF NOT EXISTS people_bitmaps
(
    kind LowCardinality(String),
    people AggregateFunction(groupBitmap, UInt32)
)
ENGINE = AggregatingMergeTree
ORDER BY kind
SETTINGS non_replicated_deduplication_window = 10000
