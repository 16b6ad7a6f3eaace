-- One row per program and partition: what its issuer there has leased, and what it has issued, net
-- of burnt coins.
SELECT
    program,
    toUInt32(extract(account, '@([0-9]+)$')) AS partition,
    sumIf(amount, operation IN ('lease', 'reserve_remove')) AS leased,
    -sumIf(amount, operation NOT IN ('lease', 'reserve_remove')) AS issued
FROM settlement_postings
WHERE kind = 'issuer' AND ({program:String} = '' OR program = {program:String})
GROUP BY program, partition
ORDER BY program, partition
