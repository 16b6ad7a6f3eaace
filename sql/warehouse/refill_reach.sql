-- No row: puts the campaign events of some partitions, or of all if none is named, through the views
-- behind them again, which fills the tables of reach.
INSERT INTO campaign_stream
SELECT
    campaign,
    type,
    time,
    person,
    number,
    channel,
    cost,
    format,
    pixels,
    seconds,
    paid,
    creative,
    partition
FROM campaign_events FINAL
WHERE number != 0 AND (empty({partitions:Array(UInt16)}) OR partition IN {partitions:Array(UInt16)})
SETTINGS deduplicate_blocks_in_dependent_materialized_views = 0, insert_deduplicate = 0
