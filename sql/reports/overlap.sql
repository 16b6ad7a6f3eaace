-- One row: the people contacted by campaign a, by campaign b, by both, and by either.
SELECT
    countIf(by_a) AS reach_a,
    countIf(by_b) AS reach_b,
    countIf(by_a AND by_b) AS overlap,
    count() AS `union`
FROM
(
    SELECT
        person,
        countIf(campaign = {a:String}) > 0 AS by_a,
        countIf(campaign = {b:String}) > 0 AS by_b
    FROM campaign_people
    WHERE campaign IN ({a:String}, {b:String}) AND contacts > 0
    GROUP BY person
)
