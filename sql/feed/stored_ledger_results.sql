-- One row per partition of a topic: its highest offset in ledger_results.
SELECT partition, max(offset) AS stored
FROM ledger_results
WHERE topic = {topic:String}
GROUP BY partition
