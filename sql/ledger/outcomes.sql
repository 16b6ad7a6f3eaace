-- One row an outcome and reason: how many records of wallet.events ended so.
SELECT outcome, reason, count() AS records
FROM ledger_results FINAL
GROUP BY outcome, reason
ORDER BY outcome, reason
