-- No row: deletes a range of a topic from campaign_events, to be inserted again.
DELETE FROM campaign_events
WHERE
    topic = {topic:String}
    AND partition = {partition:UInt16}
    AND offset >= {first:UInt64}
    AND offset < {end:UInt64}
