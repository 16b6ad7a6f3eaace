-- One row a program whose coins have moved.
SELECT DISTINCT program FROM settlement_postings ORDER BY program
