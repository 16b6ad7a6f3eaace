-- One row per day (UTC) with movements of coins: how many.
SELECT toDate(time, 'UTC') AS day, count() AS events
FROM ledger_results
WHERE outcome = 'applied'
GROUP BY day
ORDER BY day
