-- One row: how many results a partition has before an offset, and the last source offset among
-- them.
SELECT count() AS records, max(source_offset) AS source
FROM ledger_results
WHERE
    source_partition = {partition:UInt16}
    AND topic = {topic:String}
    AND partition = {partition:UInt16}
    AND offset < {before:UInt64}
