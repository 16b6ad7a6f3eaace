-- One row a program: coins that the campaigns granted, and to how many people. A grant that the
-- reserve paid reaches its wallet as a leg of the step `grant`, and is counted there, once.
SELECT
    program,
    sum(amount) AS coins,
    count() AS grants,
    uniqExact(account) AS people
FROM postings FINAL
WHERE (type = 'grant' OR step = 'grant') AND kind = 'wallet'
    AND campaign IN {campaigns:Array(String)}
GROUP BY program
ORDER BY program
