-- One row: the highest offset in ledger_results, read from the table itself and not from its
-- metadata.
SELECT max(offset) AS last
FROM ledger_results
