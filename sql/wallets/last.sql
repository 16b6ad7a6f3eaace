-- At most one row: an account as its last posting left it.
SELECT
    account,
    argMax(kind, version) AS kind,
    argMax(program, version) AS program,
    argMax(balance, version) AS balance,
    max(version) AS last_version,
    argMax(time, version) AS last_time,
    min(time) AS first_time
FROM postings FINAL
WHERE account = {account:String}
GROUP BY account
