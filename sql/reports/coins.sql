-- One row per program: how often the campaigns granted coins, rewards included, and to how many
-- people; settlement/budget says how many coins. What comes from another partition (the reserve
-- paid, or the sharer lives there) reaches its wallet, or the coins waiting for its wallet, as a
-- leg of the step `grant` and is counted there, once.
SELECT
    program,
    count() AS grants,
    uniqExact(if(kind = 'waiting', extract(account, '^waiting:[^:]*:(.*)$'), account)) AS people
FROM postings FINAL
WHERE (type IN ('grant', 'reward') OR step = 'grant') AND kind IN ('wallet', 'waiting')
    AND amount > 0
    AND campaign IN {campaigns:Array(String)}
GROUP BY program
ORDER BY program
