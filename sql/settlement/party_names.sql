-- One row a party that coins ever moved to or from: when first and last.
SELECT party, min(time) AS first_time, max(time) AS last_time
FROM settlement_postings
GROUP BY party
ORDER BY party
