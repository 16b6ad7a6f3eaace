-- One row per program and reason: the month's events that were refused for that reason. The program
-- may not exist, since events are refused for that too.
SELECT program, reason, count() AS events
FROM ledger_results FINAL
WHERE
    outcome = 'refused'
    AND time >= {start:DateTime64(6, 'UTC')}
    AND time < {end:DateTime64(6, 'UTC')}
    AND ({program:String} = '' OR program = {program:String})
GROUP BY program, reason
ORDER BY program, events DESC, reason
