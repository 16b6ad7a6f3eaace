-- One row a model and a scope of campaigns on which it was judged beside the naive baseline.
CREATE TABLE IF NOT EXISTS evaluations
(
    program LowCardinality(String),
    model_id String,
    as_of Date,
    scope LowCardinality(String), -- later: campaigns that began on or after as_of and are over;
                                  -- not_over: all those and the ones running at as_of;
                                  -- validation: in training
    rows UInt64,
    redeemers UInt64,
    people UInt64,
    campaigns Array(String),
    open_campaigns Array(String), -- not over at the last event known: left out of later, and of
                                  -- not_over with labels so far
    auc Nullable(Float64), -- over all rows; null where no two people can be compared
    baseline_auc Nullable(Float64),
    difference Nullable(Float64), -- auc - baseline_auc
    difference_low Nullable(Float64), -- 95 % interval, bootstrap over people, paired
    difference_high Nullable(Float64),
    within_auc Nullable(Float64), -- pairs of people of the same campaign only
    within_baseline_auc Nullable(Float64),
    within_difference_low Nullable(Float64),
    within_difference_high Nullable(Float64),
    mean_score Nullable(Float64), -- mean predicted chance, to be held against observed_rate
    observed_rate Float64,
    evaluated_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(evaluated_at)
ORDER BY (program, model_id, scope)
