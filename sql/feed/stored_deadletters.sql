-- One row per partition of a topic: its highest offset in deadletters.
SELECT partition, max(offset) AS stored
FROM deadletters
WHERE topic = {topic:String}
GROUP BY partition
