-- One row a model of uplift that was trained from an experiment; its file is in the registry's folder.
CREATE TABLE IF NOT EXISTS uplift_models
(
    model_id String, -- from program, the people's content and the choices: the same, same id
    program LowCardinality(String),
    learner String,
    rows UInt64, -- people learned from
    metadata String, -- JSON: data, arms, race, judgement, leakage, versions
    sha256 String, -- of the model's file; another file is never loaded
    trained_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(trained_at)
ORDER BY model_id
