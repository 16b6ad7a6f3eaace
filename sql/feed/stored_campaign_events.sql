-- One row a partition of a topic: the highest offset of it that campaign_events holds.
SELECT partition, max(offset) AS stored
FROM campaign_events
WHERE topic = {topic:String}
GROUP BY partition
