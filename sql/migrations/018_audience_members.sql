-- One row a member of a frozen audience.
CREATE TABLE IF NOT EXISTS audience_members
(
    program LowCardinality(String),
    audience String,
    fingerprint String, -- of the freeze that wrote the row: audiences.fingerprint
    person String,
    score Float64, -- the chance to redeem in the next campaign, 0 to 1
    rank UInt32 -- 1 is the highest score; equal scores by person
)
ENGINE = ReplacingMergeTree
ORDER BY (program, audience, fingerprint, rank)
