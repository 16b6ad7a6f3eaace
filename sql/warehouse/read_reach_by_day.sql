-- One row: the latest day in reach_by_day, read from the table itself and not from its metadata.
SELECT max(day) AS last
FROM reach_by_day
