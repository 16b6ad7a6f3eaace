-- One row per program and kind of account: the coins of the parties before a month, in it, and after.
SELECT
    program,
    kind,
    sumIf(amount, time < {start:DateTime64(6, 'UTC')}) AS opening,
    sumIf(amount, time >= {start:DateTime64(6, 'UTC')}) AS moved,
    sum(amount) AS closing
FROM settlement_postings
WHERE
    time < {end:DateTime64(6, 'UTC')}
    AND ({program:String} = '' OR program = {program:String})
GROUP BY program, kind
ORDER BY program, kind
