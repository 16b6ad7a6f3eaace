-- One row a change of a label's champion: who made it, when and why. Rows are only ever added.
CREATE TABLE IF NOT EXISTS model_promotions
(
    program LowCardinality(String),
    label String,
    number UInt32, -- of the label's changes, from 1; the last one's version is the champion
    action LowCardinality(String), -- promote or rollback
    version UInt32, -- the champion from here on
    model_id String,
    promoted_by String,
    why String, -- the comparison in words, or the reason that was given instead
    forced Bool, -- by that reason, against or without a comparison
    promoted_at DateTime64(6, 'UTC')
)
ENGINE = MergeTree
ORDER BY (program, label, number)
