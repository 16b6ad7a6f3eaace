-- One row per person whose latest answer on any channel before {as_of} was no. An offer may be sent
-- over any channel, so one refusal is enough; a refusal of '*' is lifted only by a later consent to
-- '*'. An answer given under one of a person's linked ids holds for all of them. The channel
-- 'personalisation' is about how people are chosen, not about whether they may be.
WITH
    toDateTime64({as_of:Date}, 6, 'UTC') AS cutoff,
    links AS
    (
        SELECT other, argMax(if(linked, person, ''), (time, partition, offset)) AS owner
        FROM person_links
        WHERE time < cutoff
        GROUP BY other
        HAVING owner != ''
    ),
    refused AS
    (
        SELECT DISTINCT root
        FROM
        (
            SELECT
                arrayJoin(arrayDistinct([e.person, if(l.owner = '', e.person, l.owner)])) AS root,
                e.channel AS channel,
                argMax(e.granted, (e.time, NOT e.granted, e.offset)) AS granted
            FROM
            (
                SELECT person, channel, assumeNotNull(granted) AS granted, time, offset
                FROM campaign_events FINAL
                WHERE campaign = '' AND type = 'consent' AND time < cutoff
                    AND channel != 'personalisation'
            ) AS e
            LEFT JOIN links AS l ON l.other = e.person
            GROUP BY root, channel
        )
        WHERE NOT granted
    )
SELECT root AS person FROM refused WHERE root NOT IN (SELECT other FROM links)
UNION DISTINCT
SELECT l.other AS person
FROM links AS l
INNER JOIN refused AS r ON l.owner = r.root
