-- One row: the last place that deadletters has, read from the table and not from what is known about it.
SELECT max(offset) AS last
FROM deadletters
