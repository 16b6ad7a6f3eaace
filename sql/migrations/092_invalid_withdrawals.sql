-- One row each time somebody took back a version of a rule, or had it hold again: the latest of a version
-- holds.
CREATE TABLE IF NOT EXISTS invalid_withdrawals
(
    rule LowCardinality(String),
    version LowCardinality(String),
    is_withdrawn Bool,
    reason String,
    since DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = MergeTree
ORDER BY (rule, version, since)
