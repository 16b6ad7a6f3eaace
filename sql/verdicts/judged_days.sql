-- One row per day (UTC) that was judged: by which rules, and on what.
SELECT day, argMax(rules, judged) AS rules, argMax(seen, judged) AS seen
FROM invalid_days
GROUP BY day
ORDER BY day
