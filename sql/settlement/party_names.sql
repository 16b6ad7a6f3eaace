-- One row per party and program of which coins ever moved to or from it: when first and last.
SELECT party, program, min(time) AS first_time, max(time) AS last_time
FROM settlement_postings
GROUP BY party, program
ORDER BY party, program
