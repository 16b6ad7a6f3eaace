-- One row: the last place that ledger_results has, read from the table and not from what is known about it.
SELECT max(offset) AS last
FROM ledger_results
