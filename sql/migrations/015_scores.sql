-- One row a person and a date: the chance to redeem in the next campaign.
CREATE TABLE IF NOT EXISTS scores
(
    as_of Date,
    model_id String,
    person String,
    score Float64 -- 0 to 1
)
ENGINE = MergeTree
PARTITION BY as_of
ORDER BY (as_of, person)
