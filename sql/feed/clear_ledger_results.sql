-- No row: deletes a range of a topic from ledger_results, to be inserted again.
DELETE FROM ledger_results
WHERE
    topic = {topic:String}
    AND partition = {partition:UInt16}
    AND offset >= {first:UInt64}
    AND offset < {end:UInt64}
