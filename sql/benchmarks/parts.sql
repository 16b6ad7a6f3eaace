-- One row per table that stores results: how many parts it has.
SELECT table, count() AS parts
FROM system.parts
WHERE active AND table IN ('ledger_results', 'postings')
GROUP BY table
ORDER BY table
