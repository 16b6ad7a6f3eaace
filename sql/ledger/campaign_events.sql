-- One row a partition of campaign.accepted: how many events are stored, and what they sum to.
SELECT
    partition,
    count() AS events,
    sum(CRC32(concat(source, '|', id, '|', person, '|', type))) AS names,
    sum(toInt128(toUnixTimestamp64Micro(time))) AS times -- a sum of as many passes 64 bits
FROM campaign_events FINAL
GROUP BY partition
ORDER BY partition
