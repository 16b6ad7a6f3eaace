-- At most one row: a posting that left an account of one of `kinds`, which may owe nothing, with less
-- than nothing available, or any account with less than nothing pending.
SELECT account, version, balance - pending AS available, source_partition, source_offset
FROM postings
WHERE
    pending < 0
    OR (kind IN {kinds:Array(String)} AND available < 0)
ORDER BY source_partition, source_offset
LIMIT 1
