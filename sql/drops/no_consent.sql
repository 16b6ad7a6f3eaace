-- One row per person whose latest answer on any channel is no, and whether that is because they are
-- a minor: a refusal of the channel 'adult'. A drop may be announced over any channel, so one
-- refusal is enough; a refusal of '*' or of 'adult' is lifted only by a later consent to the same.
-- An answer given under one of a person's linked ids holds for all of them. The channel
-- 'personalisation' is about how people are chosen, not about whether they may be.
WITH refused AS
(
    SELECT root, countIf(channel = 'adult') > 0 AS minor
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
            WHERE campaign = '' AND type = 'consent' AND channel != 'personalisation'
        ) AS e
        LEFT JOIN linked_people AS l ON l.other = e.person
        GROUP BY root, channel
    )
    WHERE NOT granted
    GROUP BY root
)
SELECT person, max(minor) AS minor
FROM
(
    SELECT root AS person, minor FROM refused WHERE root NOT IN (SELECT other FROM linked_people)
    UNION ALL
    SELECT l.other AS person, r.minor AS minor
    FROM refused AS r
    INNER JOIN linked_people AS l ON l.owner = r.root
)
GROUP BY person
