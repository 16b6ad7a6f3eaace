-- One row: the highest source offset in postings, read from the table itself and not from its
-- metadata.
SELECT max(source_offset) AS last
FROM postings
