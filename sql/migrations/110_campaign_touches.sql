-- One row per touch of `campaigns` that attribution may credit, under the person whom its id is linked
-- to: a click, a contact, or an exposure that nobody was paid to look at; of exposures only the viewable
-- ones, unless `views` is 'served'. It qualifies for conversions from its time until `until`. For each
-- campaign are given whose it is, as a number, and how long its clicks and its views qualify, in
-- microseconds; what qualifies for no time is no touch, nor is what a rule's verdict holds for invalid.
CREATE VIEW IF NOT EXISTS campaign_touches AS
WITH
    (SELECT (groupArray(l.number), groupArray(l.owner)) FROM linked_numbers AS l) AS links
SELECT
    if(
        empty(links.1),
        e.number,
        transform(e.number, arrayPushBack(links.1, 0), arrayPushBack(links.2, 0), e.number)
    ) AS person,
    e.person AS id,
    transform(
        e.campaign, {campaigns:Array(String)}, {advertisers:Array(UInt16)}, toUInt16(0)
    ) AS advertiser,
    e.campaign AS campaign,
    e.type AS type, -- contact, exposure, click
    e.channel AS channel,
    e.creative AS creative,
    e.source AS source,
    e.id AS event,
    e.time AS time,
    e.time + toIntervalMicrosecond(
        if(
            e.type = 'click',
            transform(e.campaign, {campaigns:Array(String)}, {click_us:Array(Int64)}, toInt64(0)),
            transform(e.campaign, {campaigns:Array(String)}, {view_us:Array(Int64)}, toInt64(0))
        )
    ) AS until
FROM campaign_events AS e
WHERE e.campaign IN {campaigns:Array(String)}
    AND e.number != 0
    AND (
        e.type IN ('contact', 'click')
        OR e.type = 'exposure'
            AND NOT e.paid
            AND (
                {views:String} = 'served'
                OR ifNull(e.pixels, 0) >= if(e.format = 'large_display', 0.3, 0.5)
                    AND ifNull(e.seconds, 0) >= if(e.format = 'video', 2, 1)
            )
    )
    AND until > time
    AND (e.campaign, e.type, e.person, e.source, e.id) NOT IN (
        SELECT i.campaign, i.kind, i.person, i.source, i.id
        FROM invalid_verdicts AS i
        WHERE i.campaign IN {campaigns:Array(String)}
    )
