-- One row a version of a label: which model it is, and who made it one. Rows are only ever added.
CREATE TABLE IF NOT EXISTS model_versions
(
    program LowCardinality(String),
    label String, -- what is predicted, such as redeem or visit
    version UInt32, -- of the label, from 1
    model_id String,
    kind LowCardinality(String), -- response or uplift
    sha256 String, -- of the model's file when it became a version
    registered_by String,
    registered_at DateTime64(6, 'UTC')
)
ENGINE = MergeTree
ORDER BY (program, label, version)
