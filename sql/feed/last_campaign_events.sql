-- One row: how many records of a partition of a topic campaign_events holds, and the highest offset.
SELECT count() AS records, max(offset) AS stored
FROM campaign_events
WHERE topic = {topic:String} AND partition = {partition:UInt16}
