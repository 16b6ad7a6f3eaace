-- Fills reach_campaigns, which 179 made anew, with what reach_days held before.
INSERT INTO reach_campaigns
SELECT campaign, basis, paid, groupBitmapMergeState(d.people) AS people
FROM reach_days AS d
GROUP BY campaign, basis, paid
