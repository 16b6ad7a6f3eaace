-- One row: how many results are stored.
SELECT count() AS results FROM ledger_results
