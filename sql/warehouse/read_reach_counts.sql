-- One row: the highest number in reach_counts, read from the table itself and not from its metadata.
SELECT max(number) AS last
FROM reach_counts
