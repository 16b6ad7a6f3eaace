-- One row per campaign asked for, or of all if none is, one per day on which anybody converted, and one for
-- all together (the others' columns are then empty): conversions of people whom the same campaign had
-- contacted, from their first contact on; and those that this leaves out.
WITH
    (SELECT (groupArray(l.number), groupArray(l.owner)) FROM linked_numbers AS l) AS links,
    n -> if(
        empty(links.1),
        n,
        transform(n, arrayPushBack(links.1, 0), arrayPushBack(links.2, 0), n)
    ) AS as_person -- the number it counts as
SELECT
    grouping(day) = 0 AS is_of_a_day,
    day,
    campaign,
    countIf(is_after) AS conversions,
    uniqExactIf(person, is_after) AS converted,
    sumIf(value, is_after) AS value_cents, -- NULL when no conversion gave a value
    countIf(NOT is_after) AS outside
FROM
(
    SELECT
        c.campaign AS campaign,
        c.person AS person,
        toDate(c.time, {zone:String}) AS day,
        c.value AS value,
        ifNull(c.time >= f.since, false) AS is_after
    FROM
    (
        SELECT e.campaign AS campaign, as_person(number) AS person, time, value
        FROM campaign_events AS e FINAL
        WHERE (empty({campaigns:Array(String)}) OR campaign IN {campaigns:Array(String)})
            AND type = 'conversion'
            AND number != 0
    ) AS c
    LEFT JOIN
    (
        SELECT e.campaign AS campaign, as_person(number) AS person, minOrNull(time) AS since
        FROM campaign_events AS e
        WHERE (empty({campaigns:Array(String)}) OR campaign IN {campaigns:Array(String)})
            AND type = 'contact'
            AND number IN
            (
                SELECT number
                FROM campaign_events
                WHERE (empty({campaigns:Array(String)}) OR campaign IN {campaigns:Array(String)})
                    AND type = 'conversion'
                    AND number != 0
                UNION ALL
                SELECT arrayJoin([l.number, l.owner]) FROM linked_numbers AS l
            )
        GROUP BY campaign, person
    ) AS f ON f.campaign = c.campaign AND f.person = c.person
)
GROUP BY GROUPING SETS ((campaign), (day), ())
ORDER BY is_of_a_day, day, campaign
