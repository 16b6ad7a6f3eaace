-- One row per arm of the campaign: its people, those of them exposed to it from their assignment on, and
-- their exposures; what contacts and exposures cost; coins they were granted. Nobody of two arms counts.
SELECT
    of.arm_low AS arm,
    count() AS people,
    countIf(of.exposures > 0) AS exposed,
    sum(of.exposures) AS exposures,
    sum(of.exposures * of.exposures) AS exposures_squared,
    sum(of.cents) AS cents, -- of contacts and exposures
    sum(of.priced) AS priced, -- contacts and exposures that say what they cost
    countIf(of.priced > 0) AS priced_people,
    sum(granted.coins) AS coins,
    sum(granted.grants) AS grants,
    countIf(granted.grants > 0) AS wallets,
    any(said.coin_microcents) AS coin_microcents -- millionths of a cent; NULL where nothing says
FROM
(
    SELECT
        person,
        minIf(time, type = 'assignment') AS since,
        minIf(arm, type = 'assignment') AS arm_low,
        maxIf(arm, type = 'assignment') AS arm_high,
        toInt64(arrayCount(at -> at >= since, groupArrayIf(time, type = 'exposure'))) AS exposures,
        sumIf(ifNull(cost, 0), type IN ('contact', 'exposure')) AS cents,
        countIf(isNotNull(cost) AND type IN ('contact', 'exposure')) AS priced
    FROM person_events
    WHERE campaign = {campaign:String} AND type IN ('assignment', 'contact', 'exposure')
    GROUP BY person
    HAVING countIf(type = 'assignment') > 0 AND arm_low = arm_high
) AS of
LEFT JOIN
(
    SELECT
        if(kind = 'waiting', extract(account, '^waiting:[^:]*:(.*)$'), account) AS person,
        sum(amount) AS coins,
        count() AS grants
    FROM postings FINAL
    WHERE (type IN ('grant', 'reward') OR step = 'grant') AND kind IN ('wallet', 'waiting')
        AND amount > 0 AND campaign = {campaign:String}
    GROUP BY person
) AS granted ON granted.person = of.person
CROSS JOIN
(
    SELECT argMax(tuple(d.coin_microcents), (d.time, d.offset)).1 AS coin_microcents
    FROM campaign_descriptions AS d
    WHERE d.campaign = {campaign:String}
) AS said
GROUP BY arm
ORDER BY arm
