-- One row per rule that has verdicts which hold: how many, about how many people, and the latest.
SELECT rule, version, count() AS events, uniqExact(number) AS people, max(judged) AS latest
FROM invalid_verdicts
GROUP BY rule, version
ORDER BY rule, version
