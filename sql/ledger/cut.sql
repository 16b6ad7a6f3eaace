-- One row: the offset of a partition's first event that is later than a moment and moved its clock;
-- 2^64 - 1 if there is none.
SELECT if(count() = 0, 18446744073709551615, min(source_offset)) AS cut
FROM ledger_results
WHERE
    source_partition = {partition:UInt16}
    AND outcome IN ('applied', 'asked')
    AND type NOT IN ('leg', 'rules')
    AND time > {moment:DateTime64(6, 'UTC')}
