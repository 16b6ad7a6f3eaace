-- One row: what is stored of a range of ledger.postings, in ledger_results and in postings.
SELECT
    (
        SELECT count()
        FROM ledger_results
        WHERE
            source_partition = {partition:UInt16}
            AND topic = {topic:String}
            AND partition = {partition:UInt16}
            AND offset >= {first:UInt64}
            AND offset < {end:UInt64}
    ) AS records,
    (
        SELECT count()
        FROM postings
        WHERE
            source_partition = {partition:UInt16}
            AND source_offset >= {source_first:Int64}
            AND source_offset <= {source_last:Int64}
    ) AS dependents
