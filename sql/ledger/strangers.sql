-- At most one row: a stored result or dead letter whose record is in none of the logs' partitions.
SELECT what, source_topic, source_partition, source_offset
FROM
(
    SELECT 'result' AS what, 'wallet.events' AS source_topic, source_partition, source_offset
    FROM ledger_results FINAL
    WHERE source_partition >= {partitions:UInt16}
    UNION ALL
    SELECT 'dead letter' AS what, toString(source_topic), source_partition, source_offset
    FROM deadletters FINAL
    WHERE
        source_partition >= {partitions:UInt16}
        OR source_topic NOT IN ('wallet.events', 'campaign.events')
)
ORDER BY what, source_topic, source_partition, source_offset
LIMIT 1
