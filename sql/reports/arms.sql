-- One row an arm of the campaign: the people assigned to it and to no other, and what they did from
-- their assignment on, each person once. The arm '' holds those assigned to more than one.
SELECT
    if(arms_of_person = 1, arm_of_person, '') AS arm,
    count() AS people,
    countIf(visited) AS visits,
    countIf(converted) AS conversions,
    sum(valued) AS conversions_valued, -- events that gave a value
    sum(cents) AS value_cents,
    sum(toInt128(cents) * toInt128(cents)) AS value_cents_squared,
    min(probability_of_person) AS probability_min,
    max(probability_of_person) AS probability_max
FROM
(
    SELECT
        person,
        minIf(time, type = 'assignment') AS since,
        uniqExactIf(arm, type = 'assignment') AS arms_of_person,
        anyIf(arm, type = 'assignment') AS arm_of_person,
        argMinIf(probability, (time, id), type = 'assignment') AS probability_of_person,
        countIf(type = 'visit') > 0 AND maxIf(time, type = 'visit') >= since AS visited,
        arrayFilter(
            conversion -> conversion.1 >= since,
            groupArrayIf((time, value), type = 'conversion')
        ) AS conversions_since,
        notEmpty(conversions_since) AS converted,
        arrayCount(conversion -> isNotNull(conversion.2), conversions_since) AS valued,
        arraySum(conversion -> ifNull(conversion.2, 0), conversions_since) AS cents
    FROM campaign_events FINAL
    WHERE campaign = {campaign:String} AND type IN ('assignment', 'visit', 'conversion')
    GROUP BY person
    HAVING arms_of_person > 0
)
GROUP BY arm
ORDER BY arm
