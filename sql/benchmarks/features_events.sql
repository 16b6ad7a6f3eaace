-- No row: into campaign_events, synthetic events {first} to {last} of {events} over the 180 days before
-- {at}: contacts, exposures and answers of 200 campaigns among {people} people. They have no number, so
-- that nothing but this table takes them.
INSERT INTO campaign_events
(
    id, type, time, person, source, number, campaign, channel, value, format, pixels, seconds, topic,
    partition, offset, arrived
)
WITH cityHash64(number, 1) % 100 AS lot
SELECT
    toString(number) AS id,
    multiIf(lot < 20, 'contact', lot < 80, 'exposure', lot < 92, 'click', lot < 97, 'visit', 'conversion') AS type,
    {at:DateTime64(6, 'UTC')} - toIntervalMicrosecond(
        toInt64((180 - 180 * (number / {events:UInt64})) * 86400000000)
    ) AS time,
    concat('u:', toString(cityHash64(number, 2) % {people:UInt64})) AS person,
    'bench' AS source,
    0 AS number,
    concat('c-', toString(cityHash64(person, 3) % 10 * 20 + intDiv(20 * offset, {events:UInt64}))) AS campaign,
    ['app', 'sms', 'mail'][1 + cityHash64(person, lot) % 3] AS channel,
    if(type = 'conversion', lot * 100, NULL) AS value,
    if(type = 'exposure', 'display', '') AS format,
    if(type = 'exposure', lot / 80, NULL) AS pixels,
    if(type = 'exposure', lot / 20, NULL) AS seconds,
    'campaign.accepted' AS topic,
    0 AS partition,
    numbers.number AS offset,
    time AS arrived
FROM numbers({first:UInt64}, {last:UInt64} - {first:UInt64}) AS numbers
