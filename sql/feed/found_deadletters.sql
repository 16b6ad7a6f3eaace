-- One row: what deadletters holds of a range of a topic.
SELECT count() AS records, 0 AS dependents
FROM deadletters
WHERE
    topic = {topic:String}
    AND partition = {partition:UInt16}
    AND offset >= {first:UInt64}
    AND offset < {end:UInt64}
