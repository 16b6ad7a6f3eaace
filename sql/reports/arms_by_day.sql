-- One row per arm of the campaign and whole day since its first assignment (0, 1, ...): the people
-- assigned on it, who first visited or converted on it, and what that day adds to the arm's sums. A
-- person counts as in reports/arms; the sums up to the last day are those there.
SELECT
    arm,
    day,
    sum(people_that_day) AS people,
    sum(visits_that_day) AS visits,
    sum(conversions_that_day) AS conversions,
    sum(valued_that_day) AS conversions_valued,
    sum(valued_squares_that_day) AS conversions_valued_squared,
    sum(products_that_day) AS value_valued,
    sum(cents_that_day) AS value_cents,
    sum(squares_that_day) AS value_cents_squared
FROM
(
    SELECT
        arm_low AS arm,
        intDiv(dateDiff('second', first_assignment, change.1), 86400) AS day,
        change.2 AS people_that_day,
        change.3 AS visits_that_day,
        change.4 AS conversions_that_day,
        change.5 AS valued_that_day,
        change.6 AS cents_that_day,
        change.7 AS squares_that_day,
        change.8 AS valued_squares_that_day,
        change.9 AS products_that_day
    FROM
    (
        SELECT
            minIf(time, type = 'assignment') AS since,
            min(since) OVER () AS first_assignment,
            minIf(arm, type = 'assignment') AS arm_low,
            maxIf(arm, type = 'assignment') AS arm_high,
            arraySort(arrayFilter(at -> at >= since, groupArrayIf(time, type = 'visit'))) AS visited,
            arraySort(
                arrayFilter(one -> one.1 >= since, groupArrayIf((time, value), type = 'conversion'))
            ) AS converted,
            arrayMap(one -> toInt128(ifNull(one.2, 0)), converted) AS cents,
            arrayCumSum(cents) AS sums, -- of the person, up to each conversion
            arrayMap(one -> toInt64(isNotNull(one.2)), converted) AS valued,
            arrayCumSum(valued) AS times, -- likewise
            arrayConcat(
                [
                    (
                        since, 1, 0, 0, 0, toInt128(0), toInt128(0), toInt64(0), toInt128(0)
                    )
                ],
                arrayMap(
                    at -> (at, 0, 1, 0, 0, toInt128(0), toInt128(0), toInt64(0), toInt128(0)),
                    arraySlice(visited, 1, 1)
                ),
                arrayMap(
                    (one, number, cent, sum, is_valued, time) -> (
                        one.1, 0, 0, toUInt8(number = 1), toUInt8(is_valued), cent,
                        sum * sum - (sum - cent) * (sum - cent),
                        toInt64(time * time - (time - is_valued) * (time - is_valued)),
                        sum * time - (sum - cent) * (time - is_valued)
                    ),
                    converted, arrayEnumerate(converted), cents, sums, valued, times
                )
            ) AS changes
        FROM person_events
        WHERE campaign = {campaign:String} AND type IN ('assignment', 'visit', 'conversion')
        GROUP BY person
        HAVING countIf(type = 'assignment') > 0
    )
    ARRAY JOIN changes AS change
    WHERE arm_low = arm_high
)
GROUP BY arm, day
ORDER BY arm, day
