-- One row per record in a range of a partition that was set aside, in order, its bytes as
-- checksums.
SELECT
    source_offset,
    reason,
    detail,
    CRC32(key) AS key,
    value_bytes,
    CRC32(value) AS value
FROM deadletters FINAL
WHERE
    source_topic = {topic:String}
    AND source_partition = {partition:UInt16}
    AND source_offset >= {first:UInt64}
    AND source_offset < {end:UInt64}
ORDER BY source_offset
