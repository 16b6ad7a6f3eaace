-- One row a drop and day: what its experiment said by that day's 00:00 UTC, and whether a rule to stop
-- holds. Measured again, a day's row is replaced.
CREATE TABLE IF NOT EXISTS drop_measurements
(
    drop String,
    as_of Date, -- nothing that happened on or after it is known
    design LowCardinality(String), -- group-sequential, fixed or always-valid
    day UInt32, -- whole days since the first assignment
    days Nullable(UInt32), -- planned; NULL where there is no end
    people UInt64, -- assigned to one arm, all arms together
    metric LowCardinality(String), -- the goal that decides; '' while nothing can be said of it
    arm String, -- the treated arm that the next columns tell of
    difference Nullable(Float64), -- of the metric, treated minus control
    low Nullable(Float64), -- its interval by the design
    high Nullable(Float64),
    relative Nullable(Float64), -- difference / control
    status LowCardinality(String), -- blocked, too_early, days_needed, works, harms, no_larger
    words String, -- the same in words
    stop Bool, -- whether a rule to stop holds
    rule LowCardinality(String), -- which: arms, harm, effect, futility, end; '' for none
    reason String, -- the same in words
    effects String, -- JSON: every arm's effect on every metric, as in `flowdrop report lift`
    measured_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(measured_at)
ORDER BY (drop, as_of)
