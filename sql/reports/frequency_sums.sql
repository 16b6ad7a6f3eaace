-- One row per kind of event, by whether people were paid to look, and per day, and per campaign (the other
-- is then empty): events in a window of days, net of invalid traffic, measurable and viewable ones, what
-- they cost. Without campaigns it is about all.
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
FROM net_sums(campaigns = {campaigns:Array(String)}, begin = {begin:Date}, end = {end:Date}) AS s
GROUP BY GROUPING SETS ((kind, paid, day), (kind, paid, campaign))
HAVING events != 0 -- all of them may be invalid
ORDER BY kind, paid, day, campaign
