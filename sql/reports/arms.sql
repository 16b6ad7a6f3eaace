-- One row per arm of the campaign: the people assigned to it and to no other, and what they did from
-- their assignment on, each person once. The arm '' holds those assigned to more than one.
SELECT
    if(arm_low = arm_high, arm_low, '') AS arm,
    count() AS people,
    countIf(visited) AS visits,
    countIf(notEmpty(conversions_since)) AS conversions,
    sum(valued) AS conversions_valued, -- events that gave a value
    sum(valued * valued) AS conversions_valued_squared,
    sum(toInt128(cents) * valued) AS value_valued,
    sum(cents) AS value_cents,
    sum(toInt128(cents) * toInt128(cents)) AS value_cents_squared,
    min(probability_low) AS probability_min,
    max(probability_high) AS probability_max
FROM
(
    SELECT
        minIf(time, type = 'assignment') AS since,
        minIf(arm, type = 'assignment') AS arm_low, -- two that differ are two arms
        maxIf(arm, type = 'assignment') AS arm_high,
        min(probability) AS probability_low, -- only assignments have one
        max(probability) AS probability_high,
        countIf(type = 'visit') > 0 AND maxIf(time, type = 'visit') >= since AS visited,
        arrayFilter(
            conversion -> conversion.1 >= since,
            groupArrayIf((time, value), type = 'conversion')
        ) AS conversions_since,
        arrayCount(conversion -> isNotNull(conversion.2), conversions_since) AS valued,
        arraySum(conversion -> ifNull(conversion.2, 0), conversions_since) AS cents
    FROM person_events
    WHERE campaign = {campaign:String} AND type IN ('assignment', 'visit', 'conversion')
    GROUP BY person
    HAVING countIf(type = 'assignment') > 0
)
GROUP BY arm
ORDER BY arm
