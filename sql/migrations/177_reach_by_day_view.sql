-- Fills reach_by_day from what is inserted into reach_days.
CREATE MATERIALIZED VIEW IF NOT EXISTS reach_by_day_view TO reach_by_day AS
SELECT campaign, basis, paid, day, groupBitmapMergeState(d.people) AS people
FROM reach_days AS d
GROUP BY campaign, basis, paid, day
