-- Fills reach_by_day with what reach_days held before the view was there.
INSERT INTO reach_by_day
SELECT campaign, basis, paid, day, groupBitmapMergeState(d.people) AS people
FROM reach_days AS d
GROUP BY campaign, basis, paid, day
