-- One row: how many records of a partition of a topic deadletters holds, and the highest offset.
SELECT count() AS records, max(offset) AS stored
FROM deadletters
WHERE topic = {topic:String} AND partition = {partition:UInt16}
