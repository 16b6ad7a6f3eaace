-- One row a wallet of a program that has coins from before a time: how many of them have not left
-- since, when the oldest leave first, as far as they are not held. Wallets by name.
SELECT account, least(old, available) AS coins
FROM
(
    SELECT
        account,
        toInt64(sumIf(amount, amount > 0 AND time < {before:DateTime64(6, 'UTC')}))
            + toInt64(sumIf(amount, amount < 0)) AS old,
        argMax(balance - pending, version) AS available
    FROM postings FINAL
    WHERE program = {program:String} AND kind = 'wallet'
    GROUP BY account
)
WHERE coins > 0
ORDER BY account
