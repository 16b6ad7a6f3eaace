-- One row per posting behind what a carrier delivered to the users of a network, by time; a price
-- below 0 means all. A price matches within a millionth of itself, since people type it in.
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
    source_offset AS offset,
    network,
    mb,
    price
FROM deliveries
WHERE
    party = {party:String}
    AND time >= {start:DateTime64(6, 'UTC')}
    AND time < {end:DateTime64(6, 'UTC')}
    AND ({program:String} = '' OR program = {program:String})
    AND network = {network:String}
    AND ({price:Float64} < 0 OR abs(price - {price:Float64}) <= {price:Float64} / 1e6)
ORDER BY program, time, partition, offset, account, version
LIMIT {limit:UInt64}
