-- One row an account: the sum of its postings, how many there are, and its highest version.
SELECT
    account,
    any(program) AS program,
    sum(amount) AS posted,
    count() AS postings,
    max(version) AS version
FROM postings FINAL
GROUP BY account
ORDER BY account
