-- One row per program whose coins have moved.
SELECT DISTINCT program FROM settlement_postings ORDER BY program
