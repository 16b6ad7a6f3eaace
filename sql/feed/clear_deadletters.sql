-- No row: deletes a range of a topic from deadletters, to be inserted again.
DELETE FROM deadletters
WHERE
    topic = {topic:String}
    AND partition = {partition:UInt16}
    AND offset >= {first:UInt64}
    AND offset < {end:UInt64}
