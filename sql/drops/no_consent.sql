-- One row per person whose latest answer on any channel is no, and whether that is because they are
-- a minor: a refusal of the channel 'adult'. A drop may be announced over any channel, so one
-- refusal is enough; a refusal of '*' or of 'adult' is lifted only by a later consent to the same.
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
