-- One row per account whose name is most similar to another, most similar first.
SELECT account
FROM
(
    SELECT DISTINCT account FROM postings
)
ORDER BY ngramDistance(account, {account:String}), account
LIMIT 3
