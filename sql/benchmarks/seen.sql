-- One row a partition of wallet.events: the last record whose result is to be seen.
SELECT source_partition, max(source_offset) AS source_offset
FROM ledger_results
GROUP BY source_partition
