-- One row per wallet of a program that has coins from before a time: how many of them have not left
-- since, if the oldest leave first and held coins stay. Coins that came back, or whose movement was
-- undone, have not moved, nor did they change the age of the others (see `wallet_moves`). Wallets
-- by name.
SELECT account, least(old, available) AS coins
FROM
(
    SELECT
        account,
        sumIf(moved, moved > 0 AND since < {before:DateTime64(6, 'UTC')})
            + sumIf(moved, moved < 0) AS old
    FROM
    (
        SELECT account, sum(amount) AS moved, argMin(time, place) AS since
        FROM wallet_moves
        WHERE program = {program:String}
        GROUP BY account, named
    )
    GROUP BY account
    HAVING old > 0
) AS moves
INNER JOIN
(
    SELECT account, argMax(balance - pending, version) AS available
    FROM postings FINAL
    WHERE program = {program:String} AND kind = 'wallet'
    GROUP BY account
) AS last USING (account)
WHERE coins > 0
ORDER BY account
