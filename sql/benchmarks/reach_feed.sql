-- No row: inserts a block of staged events into a table as the feed does.
INSERT INTO {table:Identifier}
(
    id, type, time, person, source, number, campaign, channel, format, pixels, seconds, cost, paid,
    creative, topic, partition, offset
)
SELECT
    id, type, time, person, source, own, campaign, channel, format, pixels, seconds, cost, paid,
    creative, 'campaign.accepted', partition, offset
FROM staged_events
WHERE block = {block:UInt64}
