-- At most one row: an account as its last posting before an offset of its partition left it.
SELECT
    account,
    kind,
    program,
    balance AS posted,
    pending,
    version,
    time,
    source_partition,
    source_offset
FROM postings FINAL
WHERE account = {account:String} AND source_offset < {cut:UInt64}
ORDER BY version DESC
LIMIT 1
