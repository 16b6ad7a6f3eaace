-- One row a program: coins that the campaigns granted, rewards included, and to how many people. What
-- comes from another partition (the reserve paid, or the sharer lives there) reaches its wallet as a
-- leg of the step `grant`, and is counted there, once.
SELECT
    program,
    sum(amount) AS coins,
    count() AS grants,
    uniqExact(account) AS people
FROM postings FINAL
WHERE (type IN ('grant', 'reward') OR step = 'grant') AND kind = 'wallet'
    AND campaign IN {campaigns:Array(String)}
GROUP BY program
ORDER BY program
