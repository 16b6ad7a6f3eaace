-- No row: inserts a range of staged events of a partition into a table as the feed does.
INSERT INTO {table:Identifier}
(
    id, type, time, person, source, number, campaign, channel, format, pixels, seconds, cost, paid,
    creative, topic, partition, offset, arrived
)
SELECT
    id, type, time, person, source, number, campaign, channel, format, pixels, seconds, cost, paid,
    creative, 'campaign.accepted', partition, offset, time
FROM staged_events
WHERE block = {block:UInt64} AND offset >= {first:UInt64} AND offset < {end:UInt64}
