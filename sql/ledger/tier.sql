-- At most one row: the last event that verified a wallet's owner, before an offset of its partition.
SELECT activity AS tier, counterparty AS verified_by
FROM ledger_results FINAL
WHERE
    source_partition = {partition:UInt16}
    AND source_offset < {cut:UInt64}
    AND subject = {account:String}
    AND outcome = 'applied'
    AND type = 'verify'
ORDER BY source_offset DESC
LIMIT 1
