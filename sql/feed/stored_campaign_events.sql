-- One row per partition of a topic: its highest offset in campaign_events.
SELECT partition, max(offset) AS stored
FROM campaign_events
WHERE topic = {topic:String}
GROUP BY partition
