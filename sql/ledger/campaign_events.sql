-- One row per partition of campaign.accepted: how many events are stored, and their sums.
SELECT
    partition,
    count() AS events,
    sum(CRC32(concat(source, '|', id, '|', person, '|', type))) AS names,
    sum(toInt128(toUnixTimestamp64Micro(time))) AS times -- so large a sum exceeds 64 bits
FROM campaign_events FINAL
GROUP BY partition
ORDER BY partition
