-- At most one row: an event whose postings do not sum to zero.
SELECT source_partition, source_offset, event_id, event_source, arraySum(`posting.amount`) AS total
FROM ledger_results FINAL
WHERE arraySum(`posting.amount`) != 0
ORDER BY source_partition, source_offset
LIMIT 1
