-- One row a partition of wallet.events that the ledger has judged anything of: its clock, which is
-- the latest time of an event there.
SELECT
    source_partition AS partition,
    toUnixTimestamp64Micro(max(time)) AS clock_us
FROM ledger_results
WHERE reason != 'in_the_future'
GROUP BY source_partition
ORDER BY source_partition
