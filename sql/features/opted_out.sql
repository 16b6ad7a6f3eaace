-- One row per person whose latest answer on any channel before {as_of} was no. An offer may be sent
-- over any channel, so one refusal is enough; a refusal of '*' is lifted only by a later consent to
-- '*'.
SELECT DISTINCT person
FROM
(
    SELECT person, channel, argMax(granted, (time, offset)) AS granted
    FROM campaign_events FINAL
    WHERE type = 'consent' AND time < toDateTime64({as_of:Date}, 6, 'UTC')
    GROUP BY person, channel
)
WHERE NOT granted
