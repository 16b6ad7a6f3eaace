-- One row a program, person and date: the chance to redeem in the next campaign.
CREATE TABLE IF NOT EXISTS scores
(
    program LowCardinality(String),
    as_of Date,
    model_id String,
    person String,
    score Float64 -- 0 to 1
)
ENGINE = MergeTree
PARTITION BY (program, as_of)
ORDER BY (program, as_of, person)
