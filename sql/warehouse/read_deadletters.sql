-- One row: the highest offset in deadletters, read from the table itself and not from its metadata.
SELECT max(offset) AS last
FROM deadletters
