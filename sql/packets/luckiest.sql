-- One row per draw from a red packet, largest first, and the earliest first among equals; '' stands
-- for any program, packet or campaign.
SELECT
    counterparty AS claimer,
    amount AS coins,
    subject AS packet,
    campaign,
    sharer,
    time,
    event_id,
    event_source
FROM ledger_results FINAL
WHERE
    type = 'packet_claim'
    AND outcome = 'applied'
    AND ({program:String} = '' OR program = {program:String})
    AND ({packet:String} = '' OR subject = {packet:String})
    AND ({campaign:String} = '' OR campaign = {campaign:String})
    AND time >= {since:DateTime64(6, 'UTC')}
    AND time < {until:DateTime64(6, 'UTC')}
ORDER BY coins DESC, time, source_partition, source_offset
LIMIT {limit:UInt32}
