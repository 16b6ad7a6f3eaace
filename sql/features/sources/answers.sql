-- One row per person of a slice and campaign that contacted them from {since} to {until} (exclusive), by
-- what had arrived by {known}: when it first did, and when they first redeemed its offer after that, if
-- they did before {until}. A name counts as the person that it was linked to.
SELECT
    person,
    campaign,
    minIf(time, type = 'contact') AS contacted,
    arrayMin(arrayFilter(t -> t >= contacted, groupArrayIf(time, type = 'conversion'))) AS first_answer,
    arrayExists(t -> t >= contacted, groupArrayIf(time, type = 'conversion')) AS answered
FROM
(
    SELECT
        if(l.owner = '', e.person, l.owner) AS person,
        e.campaign AS campaign,
        e.type AS type,
        e.time AS time
    FROM campaign_events AS e FINAL
    LEFT JOIN linked_people_as_of(
        at = {linked_at:DateTime64(6, 'UTC')}, known = {linked_known:DateTime64(6, 'UTC')}
    ) AS l ON l.other = e.person
    WHERE e.campaign != ''
        AND e.type IN ('contact', 'conversion')
        AND e.time >= {since:DateTime64(6, 'UTC')}
        AND e.time < {until:DateTime64(6, 'UTC')}
        AND e.arrived <= {known:DateTime64(6, 'UTC')}
        AND cityHash64(person) BETWEEN {first:UInt64} AND {last:UInt64}
)
GROUP BY person, campaign
HAVING countIf(type = 'contact') > 0
