-- One row a posting: what one event added to or took from one account.
CREATE TABLE IF NOT EXISTS postings
(
    account String,
    version UInt64, -- of the account after the posting: 1, 2, 3, ... without a gap
    kind LowCardinality(String),
    program LowCardinality(String),
    amount Int64, -- signed
    balance Int64, -- posted balance after it
    event_id String, -- with its source it names the event, within its subject
    event_source String,
    type LowCardinality(String),
    subject String,
    campaign LowCardinality(String),
    activity LowCardinality(String),
    counterparty String,
    time DateTime64(6, 'UTC'),
    source_partition UInt16,
    source_offset UInt64
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (account, version)
SETTINGS non_replicated_deduplication_window = 10000
