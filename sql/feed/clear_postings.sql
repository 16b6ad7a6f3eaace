-- Not one row: takes the postings of a range of results out, to be inserted again.
DELETE FROM postings
WHERE
    source_partition = {partition:UInt16}
    AND source_offset >= {source_first:Int64}
    AND source_offset <= {source_last:Int64}
