-- One row: what campaign_events holds of a range of a topic.
SELECT count() AS records, 0 AS dependents
FROM campaign_events
WHERE
    topic = {topic:String}
    AND partition = {partition:UInt16}
    AND offset >= {first:UInt64}
    AND offset < {end:UInt64}
