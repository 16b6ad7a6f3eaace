-- No row: makes the table that holds the exposures to be inserted.
CREATE TABLE IF NOT EXISTS staged_events
ENGINE = MergeTree
ORDER BY block
AS SELECT
    0::UInt64 AS block, id, type, time, person, source, number, campaign, channel, format, pixels, seconds,
    cost, paid, creative, partition, offset
FROM campaign_events
WHERE false
