-- One row a trained model; its files are in the folder of the registry.
CREATE TABLE IF NOT EXISTS models
(
    model_id String, -- from program, as_of, training data and definition: the same four, same id
    program LowCardinality(String),
    as_of Date, -- nothing it learned from happened on or after this date
    learner LowCardinality(String),
    rows UInt64, -- of training
    redeemers UInt64, -- of them, labelled 1
    campaigns Array(String), -- learned from
    data_fingerprint String, -- SHA-256 of the training rows
    metadata String, -- JSON: all of the above, validation, versions
    sha256 String, -- of the model's file; another file is never loaded
    trained_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(trained_at)
ORDER BY model_id
