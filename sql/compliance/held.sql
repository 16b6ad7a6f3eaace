-- One row a program: coins of wallets that were held at a month's end for something not settled by
-- then, by the events' own times. What each posting held more or less than the version before it is
-- summed, since the last version of before may be of an event that came late, and tell what was held
-- when it came.
SELECT program, sum(more) AS held
FROM
(
    SELECT
        program,
        time,
        pending - lagInFrame(pending, 1, 0) OVER (
            PARTITION BY account ORDER BY version ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS more
    FROM postings FINAL
    WHERE kind = 'wallet' AND ({program:String} = '' OR program = {program:String})
)
WHERE time < {end:DateTime64(6, 'UTC')}
GROUP BY program
ORDER BY program
