-- One row a frozen audience: who was chosen, by which model, rule and date. Never changed.
CREATE TABLE IF NOT EXISTS audiences
(
    program LowCardinality(String), -- whose people; its name is known to it alone
    name String,
    as_of Date, -- the date whose scores ranked it
    model_id String,
    rule String, -- JSON: top, min_score
    size UInt32, -- members
    opted_out UInt32, -- left out because their latest consent at as_of was a refusal
    fingerprint String, -- SHA-256 of program, name, as_of, model, rule and members
    frozen_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY (program, name, fingerprint)
