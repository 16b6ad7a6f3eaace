-- One row a partition of a topic: the highest offset of it that deadletters holds.
SELECT partition, max(offset) AS stored
FROM deadletters
WHERE topic = {topic:String}
GROUP BY partition
