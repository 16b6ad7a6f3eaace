-- One row a program: coins that the campaigns granted, and to how many people.
SELECT
    program,
    sum(amount) AS coins,
    count() AS grants,
    uniqExact(account) AS people
FROM postings FINAL
WHERE type = 'grant' AND kind = 'wallet' AND campaign IN {campaigns:Array(String)}
GROUP BY program
ORDER BY program
