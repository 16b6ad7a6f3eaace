-- One row per version of a rule that is taken back, and why.
SELECT rule, version, argMax(w.reason, since) AS reason, max(w.since) AS withdrawn
FROM invalid_withdrawals AS w
GROUP BY rule, version
HAVING argMax(w.is_withdrawn, w.since)
ORDER BY rule, version
