-- One row a record that was set aside: where it stood, why, and its bytes.
CREATE TABLE IF NOT EXISTS deadletters
(
    source_topic LowCardinality(String), -- the record's place
    source_partition UInt16,
    source_offset UInt64,
    reason LowCardinality(String), -- a name: not_json, invalid, too_large, ...
    detail String, -- the sentence: which field, which value
    key String,
    value String, -- the record's bytes, at most 64 KiB of them; the topic has them all
    value_bytes UInt32, -- how many it had
    is_null Bool,
    time DateTime64(3, 'UTC'), -- when it was set aside
    topic LowCardinality(String), -- where the feed read it: deadletters
    partition UInt16,
    offset UInt64
)
ENGINE = ReplacingMergeTree
ORDER BY (source_topic, source_partition, source_offset)
SETTINGS non_replicated_deduplication_window = 10000
