-- One row per program and operation that moved a party's coins in a month: how many events, how much.
SELECT
    program,
    operation,
    uniqExact((source_partition, source_offset)) AS events,
    sumIf(amount, amount > 0) AS coins_in,
    -sumIf(amount, amount < 0) AS coins_out,
    sum(amount) AS coins
FROM settlement_postings
WHERE
    has({parties:Array(String)}, concat(program, ' ', party))
    AND time >= {start:DateTime64(6, 'UTC')}
    AND time < {end:DateTime64(6, 'UTC')}
    AND ({program:String} = '' OR program = {program:String})
GROUP BY program, operation
ORDER BY program, operation
