-- One row as reports/frequency_sums has it, net of invalid traffic: asked where there is any.
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
