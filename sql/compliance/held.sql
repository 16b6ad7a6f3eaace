-- One row a program: coins of wallets that are held for something not yet settled at a month's end.
SELECT program, sum(last_pending) AS held
FROM
(
    SELECT program, account, argMax(pending, version) AS last_pending
    FROM postings FINAL
    WHERE
        kind = 'wallet'
        AND time < {end:DateTime64(6, 'UTC')}
        AND ({program:String} = '' OR program = {program:String})
    GROUP BY program, account
)
GROUP BY program
ORDER BY program
