-- A row is a person whose latest word on any channel is no. A drop may be told by any channel, so
-- one refusal is enough; a refusal of '*' ends with a later consent to '*' only.
SELECT DISTINCT person
FROM
(
    SELECT person, channel, argMax(granted, (time, offset)) AS granted
    FROM campaign_events FINAL
    WHERE campaign = '' AND type = 'consent'
    GROUP BY person, channel
)
WHERE NOT granted
