-- One row a person whose latest word on any channel before {as_of} was no. An offer may go by any
-- channel, so one refusal is enough; a refusal of '*' ends with a later consent to '*' only.
SELECT DISTINCT person
FROM
(
    SELECT person, channel, argMax(granted, (time, offset)) AS granted
    FROM campaign_events FINAL
    WHERE type = 'consent' AND time < toDateTime64({as_of:Date}, 6, 'UTC')
    GROUP BY person, channel
)
WHERE NOT granted
