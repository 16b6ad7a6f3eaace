-- No row is kept: what passes are contacts and exposures as reach counts them, on the way from
-- campaign_stream to the tables that are fed from here.
CREATE TABLE IF NOT EXISTS reach_events
(
    campaign LowCardinality(String),
    kind LowCardinality(String), -- contact, exposure
    paid Bool, -- the person was paid to look
    day Date, -- in the time zone that reach_zone names
    channel LowCardinality(String),
    format LowCardinality(String), -- exposure, else ''
    creative LowCardinality(String), -- exposure, else ''
    number UInt32, -- the person's
    partition UInt16, -- of campaign.accepted: all events of one number come through the same
    measurable Bool, -- exposure: what share was in view is known, and for how long
    viewable Bool, -- by the MRC's rule for its format
    cents Nullable(Int64) -- what it cost
)
ENGINE = Null
