-- One row per partition of wallet.events: the last record whose result is visible.
SELECT source_partition, max(source_offset) AS source_offset
FROM ledger_results
GROUP BY source_partition
