-- One row per program and kind of account: the same coins by the ledger's own results.
SELECT
    program,
    posting_kind AS kind,
    sumIf(moved_by_it, time < {start:DateTime64(6, 'UTC')}) AS opening,
    sumIf(moved_by_it, time >= {start:DateTime64(6, 'UTC')}) AS moved,
    sum(moved_by_it) AS closing
FROM
(
    SELECT program, time, `posting.kind` AS kinds, `posting.amount` AS amounts
    FROM ledger_results FINAL
    WHERE
        time < {end:DateTime64(6, 'UTC')}
        AND ({program:String} = '' OR program = {program:String})
)
ARRAY JOIN kinds AS posting_kind, amounts AS moved_by_it
WHERE moved_by_it != 0
GROUP BY program, kind
ORDER BY program, kind
