-- One row per posting behind a line of a party's settlement, by time; an empty operation means all.
SELECT
    program,
    operation,
    time,
    event_id,
    event_source,
    cause,
    cause_source,
    account,
    amount,
    source_partition AS partition,
    source_offset AS offset
FROM settlement_postings
WHERE
    has({parties:Array(String)}, concat(program, ' ', party))
    AND time >= {start:DateTime64(6, 'UTC')}
    AND time < {end:DateTime64(6, 'UTC')}
    AND ({program:String} = '' OR program = {program:String})
    AND ({operation:String} = '' OR operation = {operation:String})
ORDER BY program, time, partition, offset, account, version
LIMIT {limit:UInt64}
