-- One row per partition of campaign.accepted: the highest offset stored.
SELECT partition, max(offset) AS offset
FROM campaign_latest
GROUP BY partition
ORDER BY partition
