-- No row is kept: what is inserted into campaign_events passes here, on its way to the tables that are fed
-- from it. Inserting it here again fills them again.
CREATE TABLE IF NOT EXISTS campaign_stream
(
    campaign LowCardinality(String),
    type LowCardinality(String),
    time DateTime64(6, 'UTC'),
    person String,
    number UInt32,
    channel LowCardinality(String),
    cost Nullable(Int64),
    format LowCardinality(String),
    pixels Nullable(Float64),
    seconds Nullable(Float64),
    paid Bool,
    creative LowCardinality(String),
    partition UInt16
)
ENGINE = Null
