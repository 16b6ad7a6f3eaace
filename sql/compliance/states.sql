-- One row per program: wallets opened so far, those frozen and closed at a month's end, and how
-- many were frozen and closed in the month.
SELECT
    program,
    count() AS wallets,
    countIf(last_state = 'freeze') AS frozen,
    countIf(last_state = 'close') AS closed,
    sum(froze) AS frozen_in_month,
    sum(shut) AS closed_in_month
FROM
(
    SELECT
        program,
        subject,
        argMax(type, source_offset) AS last_state,
        countIf(type = 'freeze' AND time >= {start:DateTime64(6, 'UTC')}) AS froze,
        countIf(type = 'close' AND time >= {start:DateTime64(6, 'UTC')}) AS shut
    FROM ledger_results FINAL
    WHERE
        outcome = 'applied'
        AND type IN ('open', 'freeze', 'unfreeze', 'close')
        AND time < {end:DateTime64(6, 'UTC')}
        AND ({program:String} = '' OR program = {program:String})
    GROUP BY program, subject
)
GROUP BY program
ORDER BY program
