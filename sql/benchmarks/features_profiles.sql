-- No row: tells of every second of {people} people their carrier and year of birth, as a profile does.
INSERT INTO campaign_events
(id, type, time, person, source, number, attributes, topic, partition, offset, arrived)
SELECT
    concat('profile-', toString(number)) AS id,
    'profile' AS type,
    {at:DateTime64(6, 'UTC')} - INTERVAL 90 DAY AS time,
    concat('u:', toString(2 * number)) AS person,
    'crm' AS source,
    0 AS number,
    map(
        'carrier', ['"telecom"', '"unicom"', '"mobile"'][1 + 2 * number % 3],
        'birth_year', toString(1950 + cityHash64(number) % 60)
    ) AS attributes,
    'campaign.accepted' AS topic,
    1 AS partition,
    numbers.number AS offset,
    time AS arrived
FROM numbers(intDiv({people:UInt64}, 2)) AS numbers
