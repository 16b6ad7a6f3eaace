-- A row is a wallet whose name begins with a prefix, in the order of names.
SELECT DISTINCT account
FROM postings
WHERE kind = 'wallet' AND startsWith(account, {prefix:String})
ORDER BY length(account), account
LIMIT 8
