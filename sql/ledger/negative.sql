-- At most one row: a posting that left an account of one of `kinds`, which may not owe, with a
-- negative available balance, or any account with negative pending coins. (Except a clearing
-- account that learned that a forged leg had been taken for coins of its own, once that is
-- corrected.)
SELECT account, version, balance - pending AS available, source_partition, source_offset
FROM postings
WHERE
    (
        pending < 0
        AND account NOT IN (
            SELECT subject FROM ledger_results
            WHERE outcome = 'applied' AND (step = 'unack' OR type = 'correction')
        )
    )
    OR (kind IN {kinds:Array(String)} AND available < 0)
ORDER BY source_partition, source_offset
LIMIT 1
