-- One row per verdict of a rule about an event, and one of sign -1 for each that was taken back. An event
-- that breaks several rules has a verdict of each, and counts once: `counted` is what a row changes of
-- whether it counts as invalid, so the sum of `counted` is how many events do.
CREATE TABLE IF NOT EXISTS invalid_events
(
    campaign LowCardinality(String),
    kind LowCardinality(String), -- contact, exposure, click
    number UInt32, -- the person's
    person String,
    source LowCardinality(String),
    id String,
    time DateTime64(6, 'UTC'),
    partition UInt16,
    channel LowCardinality(String),
    format LowCardinality(String),
    creative LowCardinality(String),
    paid Bool,
    measurable Bool,
    viewable Bool,
    cents Nullable(Int64),
    rule LowCardinality(String), -- a file of sql/invalid/
    version LowCardinality(String), -- of the rule and of its list
    sign Int8, -- 1: the event breaks the rule, -1: the verdict is taken back
    counted Int8, -- 1: the first verdict about the event, -1: the last is taken back, else 0
    reason String, -- why it is taken back, else ''
    judged DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = MergeTree
ORDER BY (campaign, kind, number, time)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 1024
