-- Fills reach_campaigns from what is inserted into reach_days.
CREATE MATERIALIZED VIEW IF NOT EXISTS reach_campaigns_view TO reach_campaigns AS
SELECT campaign, basis, paid, groupBitmapMergeState(d.people) AS people
FROM reach_days AS d
GROUP BY campaign, basis, paid
