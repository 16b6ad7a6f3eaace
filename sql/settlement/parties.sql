-- One row per party and program: its coins before a month, what moved in the month, and after it.
SELECT
    party,
    program,
    sumIf(amount, time < {start:DateTime64(6, 'UTC')}) AS opening,
    sumIf(amount, time >= {start:DateTime64(6, 'UTC')}) AS moved,
    sum(amount) AS closing,
    uniqExactIf((source_partition, source_offset), time >= {start:DateTime64(6, 'UTC')}) AS events
FROM settlement_postings
WHERE
    time < {end:DateTime64(6, 'UTC')}
    AND (empty({parties:Array(String)}) OR has({parties:Array(String)}, concat(program, ' ', party)))
    AND ({program:String} = '' OR program = {program:String})
GROUP BY party, program
ORDER BY program, party
