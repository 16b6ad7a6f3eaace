-- One row per campaign in the stated order: the people whom it or those before it served something, counted
-- anew.
SELECT place, uniqExactMerge(people) OVER (ORDER BY place) AS reach
FROM
(
    SELECT indexOf({campaigns:Array(String)}, campaign) AS place, uniqExactState(number) AS people
    FROM campaign_events
    WHERE campaign IN {campaigns:Array(String)} AND type = 'exposure' AND NOT paid
    GROUP BY place
)
ORDER BY place
