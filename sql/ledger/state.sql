-- At most one row: the last event that changed an account's state, before an offset of its partition.
SELECT type
FROM ledger_results FINAL
WHERE
    source_partition = {partition:UInt16}
    AND source_offset < {cut:UInt64}
    AND subject = {account:String}
    AND outcome = 'applied'
    AND type IN ('open', 'freeze', 'unfreeze', 'close')
ORDER BY source_offset DESC
LIMIT 1
