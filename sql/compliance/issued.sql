-- One row per program: coins minted and burnt in a month, and redeemed at carriers (less those
-- given back). What an issuer leases from a reserve counts as neither minted nor burnt.
SELECT
    program,
    -sumIf(
        amount, kind = 'issuer' AND amount < 0 AND operation NOT IN ('lease', 'reserve_remove')
    ) AS issued,
    sumIf(
        amount, kind = 'issuer' AND amount > 0 AND operation NOT IN ('lease', 'reserve_remove')
    ) AS burnt,
    sumIf(amount, kind = 'carrier') AS redeemed
FROM settlement_postings
WHERE
    time >= {start:DateTime64(6, 'UTC')}
    AND time < {end:DateTime64(6, 'UTC')}
    AND ({program:String} = '' OR program = {program:String})
GROUP BY program
ORDER BY program
