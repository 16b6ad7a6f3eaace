-- One row a program and date, and the model registered for them. A program's champion on a day is
-- the one of the newest as_of up to that day, so that a past day is never scored by a model that
-- learned after it.
CREATE TABLE IF NOT EXISTS champions
(
    program LowCardinality(String),
    as_of Date,
    model_id String,
    reason String, -- the comparison that decided, in words
    forced Bool,
    registered_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(registered_at)
ORDER BY (program, as_of)
