-- A row is a person whose latest word on any channel is no, and whether it is that they are a minor: a
-- refusal of the channel 'adult'. A drop may be told by any channel, so one refusal is enough; a
-- refusal of '*', or of 'adult', ends with a later consent to the same only.
SELECT person, countIf(channel = 'adult') > 0 AS minor
FROM
(
    SELECT person, channel, argMax(granted, (time, offset)) AS granted
    FROM campaign_events FINAL
    WHERE campaign = '' AND type = 'consent'
    GROUP BY person, channel
)
WHERE NOT granted
GROUP BY person
