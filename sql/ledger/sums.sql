-- One row per partition and program: its postings, their sum, and how much of it is in flight.
SELECT
    source_partition AS partition,
    program,
    count() AS postings,
    sum(amount) AS total,
    sumIf(amount, kind = 'clearing') AS in_flight
FROM postings FINAL
GROUP BY partition, program
ORDER BY partition, program
