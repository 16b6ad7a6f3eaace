-- One row per event of a campaign and a person from {since} to {until} (exclusive) that had arrived by
-- {known}, of the people of a slice. A conversion counts from the campaign's first contact on, and in no
-- campaign that contacts nobody. An offer without an end is over {offer_days} days after its contact. A
-- name counts as the person that it was linked to; of a record that came twice the first counts.
WITH
    (
        SELECT (groupArray(l.other), groupArray(l.owner))
        FROM linked_people_as_of(
            at = {linked_at:DateTime64(6, 'UTC')}, known = {linked_known:DateTime64(6, 'UTC')}
        ) AS l
    ) AS links,
    (
        SELECT (groupArray(k.campaign), groupArray(k.start))
        FROM
        (
            SELECT c.campaign AS campaign, min(c.time) AS start
            FROM campaign_events AS c FINAL
            WHERE c.type = 'contact' AND c.arrived <= {known:DateTime64(6, 'UTC')}
            GROUP BY campaign
        ) AS k
    ) AS starts,
    toDateTime64('2299-12-31 00:00:00', 6, 'UTC') AS never
SELECT
    if(
        empty(links.1),
        e.person,
        transform(e.person, arrayPushBack(links.1, ''), arrayPushBack(links.2, ''), e.person)
    ) AS person,
    e.time AS time,
    e.type AS type, -- contact, exposure, click, visit, conversion
    e.campaign AS campaign,
    e.channel AS channel,
    greatest(e.time, ifNull(e.until, e.time + toIntervalDay({offer_days:UInt16}))) AS ends, -- contact
    ifNull(e.value, 0) AS value, -- conversion: cents
    e.type = 'exposure'
        AND ifNull(e.pixels, 0) >= if(e.format = 'large_display', 0.3, 0.5)
        AND ifNull(e.seconds, 0) >= if(e.format = 'video', 2, 1) AS viewable
FROM campaign_events AS e FINAL
WHERE e.campaign != ''
    AND e.type IN ('contact', 'exposure', 'click', 'visit', 'conversion')
    AND e.time >= {since:DateTime64(6, 'UTC')}
    AND e.time < {until:DateTime64(6, 'UTC')}
    AND e.arrived <= {known:DateTime64(6, 'UTC')}
    AND cityHash64(person) BETWEEN {first:UInt64} AND {last:UInt64}
    AND (
        e.type != 'conversion'
        OR e.time >= transform(
            toString(e.campaign), arrayPushBack(starts.1, ''), arrayPushBack(starts.2, never), never
        )
    )
