-- One row per wallet whose name begins with a prefix, by name.
SELECT DISTINCT account
FROM postings
WHERE kind = 'wallet' AND startsWith(account, {prefix:String})
ORDER BY length(account), account
LIMIT 8
