-- One row per kind of event, by whether people were paid to look, and per day, and per campaign (the other
-- is then empty): events in a window of days, measurable and viewable ones, what they cost. Without
-- campaigns it is about all.
SELECT
    kind,
    paid,
    grouping(day) = 0 AS is_of_a_day,
    day,
    campaign,
    sum(s.events) AS events,
    sum(s.measurable) AS measurable,
    sum(s.viewable) AS viewable,
    sum(s.cents) AS cents,
    sum(s.priced) AS priced
FROM reach_sums AS s
WHERE (empty({campaigns:Array(String)}) OR campaign IN {campaigns:Array(String)})
    AND day BETWEEN {begin:Date} AND {end:Date}
GROUP BY GROUPING SETS ((kind, paid, day), (kind, paid, campaign))
ORDER BY kind, paid, day, campaign
