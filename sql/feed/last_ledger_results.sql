-- One row: how many records of a partition of a topic ledger_results holds, and the highest offset;
-- the first condition is there for the index.
SELECT count() AS records, max(offset) AS stored
FROM ledger_results
WHERE source_partition = {partition:UInt16} AND topic = {topic:String} AND partition = {partition:UInt16}
