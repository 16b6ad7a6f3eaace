-- One row per person who switched personalisation off: whose latest answer on the channel
-- 'personalisation' is no. An answer given under one of a person's linked ids holds for all of them.
WITH refused AS
(
    SELECT root
    FROM
    (
        SELECT
            arrayJoin(arrayDistinct([e.person, if(l.owner = '', e.person, l.owner)])) AS root,
            argMax(e.granted, (e.time, NOT e.granted, e.offset)) AS granted
        FROM
        (
            SELECT person, assumeNotNull(granted) AS granted, time, offset
            FROM campaign_events FINAL
            WHERE campaign = '' AND type = 'consent' AND channel = 'personalisation'
        ) AS e
        LEFT JOIN linked_people AS l ON l.other = e.person
        GROUP BY root
    )
    WHERE NOT granted
)
SELECT root AS person FROM refused WHERE root NOT IN (SELECT other FROM linked_people)
UNION DISTINCT
SELECT l.other AS person
FROM refused AS r
INNER JOIN linked_people AS l ON l.owner = r.root
