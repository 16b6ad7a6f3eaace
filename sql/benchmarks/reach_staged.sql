-- No row: makes the table that holds the exposures to be inserted.
CREATE TABLE staged_events
ENGINE = MergeTree
ORDER BY block
AS SELECT
    0::UInt64 AS block, id, type, time, person, source, campaign, channel, format, pixels, seconds,
    cost, paid, creative, number AS own, partition, offset
FROM campaign_events
WHERE false
