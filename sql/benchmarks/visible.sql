-- One row per channel: the exposures of it that reach shows, where each person sees each campaign once.
SELECT channel, sum(people) AS exposures
FROM
(
    SELECT channel, bitmapCardinality(groupBitmapMergeState(d.people)) AS people
    FROM reach_days AS d
    WHERE basis = 'served'
    GROUP BY campaign, channel
)
GROUP BY channel
