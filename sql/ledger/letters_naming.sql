-- One row per dead letter of wallet.events whose bytes contain an event's id in quotation marks,
-- and its source if that is not ''.
SELECT source_topic, source_partition, source_offset, reason, detail, topic, partition, offset
FROM deadletters FINAL
WHERE
    source_topic = 'wallet.events'
    AND position(value, concat('"', {event:String}, '"')) > 0
    AND ({source:String} = '' OR position(value, concat('"', {source:String}, '"')) > 0)
ORDER BY source_partition, source_offset
LIMIT 100
