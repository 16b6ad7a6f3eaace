-- One row per day on which any of the campaigns contacted anyone, or someone reached converted.
SELECT
    day,
    sum(contacted_that_day) AS contacted,
    sum(new_that_day) AS new,
    sum(sum(new_that_day)) OVER (ORDER BY day) AS cumulative,
    sum(sum(new_known_that_day)) OVER (ORDER BY day) AS cumulative_known,
    cumulative - cumulative_known AS cumulative_unlinked, -- only an id is known of them
    sum(conversions_that_day) AS conversions
FROM
(
    SELECT
        day_of_person AS day,
        count() AS contacted_that_day,
        countIf(day_of_person = arrayMin(days)) AS new_that_day,
        countIf(day_of_person = arrayMin(days) AND is_known) AS new_known_that_day,
        0 AS conversions_that_day
    FROM
    (
        SELECT
            groupUniqArray(toDate(time, {zone:String})) AS days,
            person IN (SELECT person FROM known_people) AS is_known
        FROM person_events
        WHERE campaign IN {campaigns:Array(String)} AND type = 'contact'
        GROUP BY person
    )
    ARRAY JOIN days AS day_of_person
    GROUP BY day
    UNION ALL
    SELECT toDate(conversion.1, {zone:String}) AS day, 0, 0, 0, count()
    FROM campaign_people
    ARRAY JOIN conversions AS conversion
    WHERE campaign IN {campaigns:Array(String)}
    GROUP BY day
)
GROUP BY day
ORDER BY day
