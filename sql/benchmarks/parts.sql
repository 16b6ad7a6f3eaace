-- One row a table that results go into: how many parts it is in.
SELECT table, count() AS parts
FROM system.parts
WHERE active AND table IN ('ledger_results', 'postings')
GROUP BY table
ORDER BY table
