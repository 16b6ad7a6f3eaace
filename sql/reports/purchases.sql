-- One row per arm of the campaign: its people's purchases (conversions with a value) from their
-- assignment on, in the order of time: a number of the person, whole days since the first assignment.
SELECT
    arm,
    groupArray(cityHash64(person) % 4611686018427387904) AS people, -- in a signed number
    groupArray(intDiv(dateDiff('second', first_assignment, bought.1), 86400)) AS days,
    groupArray(assumeNotNull(bought.2)) AS cents
FROM
(
    SELECT
        person,
        minIf(time, type = 'assignment') AS since,
        min(since) OVER () AS first_assignment,
        minIf(arm, type = 'assignment') AS arm_low,
        maxIf(arm, type = 'assignment') AS arm_high,
        arraySort(
            arrayFilter(
                one -> one.1 >= since AND isNotNull(one.2),
                groupArrayIf((time, value), type = 'conversion')
            )
        ) AS bought_since,
        arm_low AS arm
    FROM person_events
    WHERE campaign = {campaign:String} AND type IN ('assignment', 'conversion')
    GROUP BY person
    HAVING countIf(type = 'assignment') > 0
)
ARRAY JOIN bought_since AS bought
WHERE arm_low = arm_high
GROUP BY arm
ORDER BY arm
