-- No row: deletes the postings of a range of results, to be inserted again.
DELETE FROM postings
WHERE
    source_partition = {partition:UInt16}
    AND source_offset >= {source_first:Int64}
    AND source_offset <= {source_last:Int64}
