-- One row a campaign event that passed validation. Its source and id name it, among its person's;
-- the first record of a name wins.
CREATE TABLE IF NOT EXISTS campaign_events
(
    id String,
    type LowCardinality(String), -- assignment, contact, exposure, click, visit, conversion, consent
    time DateTime64(6, 'UTC'),
    person String,
    source LowCardinality(String),
    campaign LowCardinality(String), -- '' for consent
    arm LowCardinality(String), -- assignment only, else ''
    probability Nullable(Float64), -- assignment only
    channel LowCardinality(String), -- contact, exposure, click, consent, else ''
    until Nullable(DateTime64(6, 'UTC')), -- contact: when the offer ends
    value Nullable(Int64), -- conversion: revenue in cents
    cost Nullable(Int64), -- contact, exposure: in cents
    item String, -- conversion
    format LowCardinality(String), -- exposure
    pixels Nullable(Float64), -- exposure: share of pixels in view
    seconds Nullable(Float64), -- exposure: time in view
    paid Bool, -- exposure: the person was paid to look
    granted Nullable(Bool), -- consent
    topic LowCardinality(String), -- where the feed read it: campaign.accepted
    partition UInt16,
    offset UInt64,
    first UInt64 MATERIALIZED bitNot(offset) -- the lowest offset of a name wins
)
ENGINE = ReplacingMergeTree(first)
PARTITION BY toYYYYMM(time)
ORDER BY (campaign, type, person, source, id)
SETTINGS non_replicated_deduplication_window = 10000
