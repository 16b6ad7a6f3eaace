-- One row per conversion that names one of `campaigns`, under the person whom its id is linked to, with the
-- touches that qualify for it, in order: those of the same advertiser's campaigns among them (the other
-- parameters are of campaign_touches). Of touches at one time a contact comes first, then an exposure,
-- then a click, then by campaign, channel, creative, id, source and event. A touch that was stored twice
-- is one.
CREATE VIEW IF NOT EXISTS conversion_touches AS
WITH
    (SELECT (groupArray(l.number), groupArray(l.owner)) FROM linked_numbers AS l) AS links,
    conversions AS
    (
        SELECT
            if(
                empty(links.1),
                e.number,
                transform(e.number, arrayPushBack(links.1, 0), arrayPushBack(links.2, 0), e.number)
            ) AS person,
            transform(
                e.campaign, {campaigns:Array(String)}, {advertisers:Array(UInt16)}, toUInt16(0)
            ) AS advertiser,
            e.campaign AS campaign,
            e.time AS time,
            e.value AS value
        FROM campaign_events AS e FINAL
        WHERE e.campaign IN {campaigns:Array(String)} AND e.type = 'conversion' AND e.number != 0
    )
SELECT
    c.person AS person,
    c.advertiser AS advertiser,
    c.campaign AS campaign,
    c.time AS time,
    c.value AS value, -- cents, or NULL
    arrayFilter(touch -> touch.1 <= c.time AND c.time <= touch.9, t.touches) AS touches
FROM conversions AS c
LEFT JOIN
(
    SELECT
        person,
        advertiser,
        arraySort(
            groupUniqArray(
                (
                    time,
                    CAST(type, 'Enum8(\'contact\' = 1, \'exposure\' = 2, \'click\' = 3)'),
                    toString(campaign),
                    toString(channel),
                    toString(creative),
                    id,
                    toString(source),
                    event,
                    until
                )
            )
        ) AS touches
    FROM campaign_touches(
        campaigns = {campaigns:Array(String)},
        advertisers = {advertisers:Array(UInt16)},
        click_us = {click_us:Array(Int64)},
        view_us = {view_us:Array(Int64)},
        views = {views:String}
    )
    WHERE person IN (SELECT person FROM conversions)
    GROUP BY person, advertiser
) AS t ON t.person = c.person AND t.advertiser = c.advertiser
