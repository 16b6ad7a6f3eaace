-- One row a UTC day on which any of the campaigns contacted anyone, or someone reached converted.
WITH people AS
(
    SELECT
        arrayDistinct(arrayFlatten(groupArray(contact_days))) AS days,
        arrayMin(days) AS first_day,
        arrayFlatten(groupArray(arrayMap(conversion -> toDate(conversion.1), conversions)))
            AS conversion_days
    FROM campaign_people
    WHERE campaign IN {campaigns:Array(String)} AND contacts > 0
    GROUP BY person
)
SELECT
    step.1 AS day,
    sum(step.2) AS contacted,
    sum(step.3) AS new,
    sum(sum(step.3)) OVER (ORDER BY step.1) AS cumulative,
    sum(step.4) AS conversions
FROM people
ARRAY JOIN arrayConcat(
    arrayMap(contact_day -> (contact_day, 1, contact_day = first_day, 0), days),
    arrayMap(conversion_day -> (conversion_day, 0, 0, 1), conversion_days)
) AS step
GROUP BY day
ORDER BY day
