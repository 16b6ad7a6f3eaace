-- One row per program: wallets' coins that were held at a month's end for something not yet
-- settled, by the events' own times. The sum is over each posting's change in held coins from the
-- version before it: the last version before the month's end may belong to an event that arrived
-- late, and shows what was held when it arrived.
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
