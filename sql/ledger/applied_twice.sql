-- At most one row: a subject's event (source and id) that was applied more than once within the
-- window, or was called a repeat or a conflict though nothing came before it. A packet's claims are
-- remembered per claimer.
SELECT
    source_partition,
    subject,
    event_source,
    event_id,
    countIf(outcome IN ('applied', 'asked')) AS applied,
    countIf(outcome = 'refused' AND reason != 'conflict') AS refused,
    countIf(outcome = 'repeat' OR reason = 'conflict') AS again,
    maxIf(source_offset, outcome != 'refused') AS source_offset
FROM ledger_results FINAL
WHERE outcome IN ('applied', 'asked', 'repeat', 'refused')
GROUP BY source_partition, subject, event_source, event_id, if(type = 'packet_claim', counterparty, '')
HAVING
    (
        applied > 1
        AND maxIf(toUnixTimestamp64Micro(time), outcome IN ('applied', 'asked'))
        - minIf(toUnixTimestamp64Micro(time), outcome IN ('applied', 'asked')) <= {window_us:Int64}
    )
    OR (again > 0 AND applied + refused = 0)
ORDER BY source_partition, subject, event_source, event_id
LIMIT 1
SETTINGS max_bytes_before_external_group_by = 500000000
