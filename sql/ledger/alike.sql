-- One row an account whose name is most like another, the likest first.
SELECT account
FROM
(
    SELECT DISTINCT account FROM postings
)
ORDER BY ngramDistance(account, {account:String}), account
LIMIT 3
