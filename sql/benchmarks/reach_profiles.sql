-- No row: tells of every second person of a partition where they live, as a profile does.
INSERT INTO campaign_events
(id, type, time, person, source, number, attributes, topic, partition, offset, arrived)
SELECT
    concat('profile-', toString(own)) AS id,
    'profile' AS type,
    toDateTime64('2026-02-01 00:00:00', 6, 'UTC') AS time,
    concat('u:', toString(own)) AS person,
    'crm' AS source,
    toUInt32({partitions:UInt64} * (1 + 2 * number) + {partition:UInt64}) AS own,
    map('city', ['"north"', '"south"', '"east"', '"west"', '"coast"'][1 + sipHash64(own) % 5]) AS attributes,
    'campaign.accepted' AS topic,
    {partition:UInt16} AS partition,
    1000000000000 + number AS offset,
    time AS arrived
FROM numbers(intDiv({people:UInt64}, 2 * {partitions:UInt64}))
