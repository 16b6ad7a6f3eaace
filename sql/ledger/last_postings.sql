-- One row per posting of an account before an offset of its partition, newest first.
SELECT
    version,
    time,
    type,
    step,
    event_id,
    event_source,
    if(subject = {account:String}, counterparty, subject) AS counterparty,
    amount,
    balance,
    pending,
    source_partition AS partition,
    source_offset AS offset
FROM postings FINAL
WHERE account = {account:String} AND source_offset < {cut:UInt64}
ORDER BY version DESC
LIMIT {limit:UInt32}
