-- One row a program: coins minted and burnt in a month, and redeemed at carriers (less given back).
SELECT
    program,
    -sumIf(amount, kind = 'issuer' AND amount < 0) AS issued,
    sumIf(amount, kind = 'issuer' AND amount > 0) AS burnt,
    sumIf(amount, kind = 'carrier') AS redeemed
FROM settlement_postings
WHERE
    time >= {start:DateTime64(6, 'UTC')}
    AND time < {end:DateTime64(6, 'UTC')}
    AND ({program:String} = '' OR program = {program:String})
GROUP BY program
ORDER BY program
