-- One row per campaign asked for, and one, named '', for all together: the conversions that name it in a
-- window of days, their value, and the people who bought, each once.
SELECT
    campaign,
    count() AS purchases,
    countIf(isNotNull(value)) AS valued,
    sum(ifNull(value, 0)) AS cents,
    uniqExact(person) AS buyers,
    uniqExactIf(person, person IN (SELECT person FROM known_people)) AS buyers_known
FROM person_events
WHERE campaign IN {campaigns:Array(String)}
    AND type = 'conversion'
    AND toDate(time, {zone:String}) BETWEEN {begin:Date} AND {end:Date}
GROUP BY GROUPING SETS ((campaign), ())
ORDER BY campaign
