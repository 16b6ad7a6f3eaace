-- One row per event of a campaign and a person from {since} to {until} (exclusive) that had arrived by
-- {known}, of the people of a slice. A conversion counts from the campaign's first contact on, and in no
-- campaign that contacts nobody. An offer without an end is over {offer_days} days after its contact. A
-- name counts as the person that it was linked to; of a record that came twice the first counts.
SELECT
    if(l.owner = '', e.person, l.owner) AS person,
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
LEFT JOIN linked_people_as_of(
    at = {linked_at:DateTime64(6, 'UTC')}, known = {linked_known:DateTime64(6, 'UTC')}
) AS l ON l.other = e.person
LEFT JOIN
(
    SELECT c.campaign AS campaign, min(c.time) AS start
    FROM campaign_events AS c FINAL
    WHERE c.type = 'contact' AND c.arrived <= {known:DateTime64(6, 'UTC')}
    GROUP BY campaign
) AS k ON k.campaign = e.campaign
PREWHERE cityHash64(e.person) BETWEEN {first:UInt64} AND {last:UInt64}
    OR e.person IN
    (
        SELECT o.other
        FROM linked_people_as_of(
            at = {linked_at:DateTime64(6, 'UTC')}, known = {linked_known:DateTime64(6, 'UTC')}
        ) AS o
    )
WHERE e.campaign != ''
    AND e.type IN ('contact', 'exposure', 'click', 'visit', 'conversion')
    AND e.time >= {since:DateTime64(6, 'UTC')}
    AND e.time < {until:DateTime64(6, 'UTC')}
    AND e.arrived <= {known:DateTime64(6, 'UTC')}
    AND cityHash64(person) BETWEEN {first:UInt64} AND {last:UInt64}
    AND (e.type != 'conversion' OR (k.campaign != '' AND e.time >= k.start))
