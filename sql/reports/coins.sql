-- One row per program: how often the campaigns granted coins, rewards included, and to how many people;
-- how many coins is told by settlement/budget. What comes from another partition (the reserve paid, or
-- the sharer lives there) reaches its wallet as a leg of the step `grant`, and is counted there, once;
-- or what waits for its wallet.
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
