-- One row a partition of a topic: the highest offset of it that ledger_results holds.
SELECT partition, max(offset) AS stored
FROM ledger_results
WHERE topic = {topic:String}
GROUP BY partition
