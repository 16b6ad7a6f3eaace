-- One row per drop and day that was measured, the latest day first; of the day {as_of} alone if it is
-- given.
SELECT
    drop,
    as_of,
    design,
    day,
    days,
    people,
    metric,
    arm,
    difference,
    low,
    high,
    relative,
    status,
    words,
    stop,
    rule,
    reason,
    effects,
    measured_at
FROM drop_measurements FINAL
WHERE isNull({as_of:Nullable(Date)}) OR as_of = {as_of:Nullable(Date)}
ORDER BY as_of DESC, drop
