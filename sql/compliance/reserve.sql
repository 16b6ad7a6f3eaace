-- One row per program: what backs its coins, and what became of that.
SELECT
    program,
    -sumIf(amount, kind = 'backing') AS backing,
    sumIf(amount, kind = 'reserve') AS remaining,
    sumIf(amount, kind = 'issuer' AND operation IN ('lease', 'reserve_remove')) AS leased,
    -sumIf(amount, kind = 'issuer' AND operation NOT IN ('lease', 'reserve_remove')) AS issued,
    sumIf(amount, kind IN ('carrier', 'merchant', 'fees')) AS spent,
    sumIf(amount, kind = 'partner') AS partners -- owed to them; below zero: owed by them
FROM settlement_postings
WHERE ({program:String} = '' OR program = {program:String})
GROUP BY program
ORDER BY program
