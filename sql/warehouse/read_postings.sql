-- One row: the last place that postings has, read from the table and not from what is known about it.
SELECT max(source_offset) AS last
FROM postings
