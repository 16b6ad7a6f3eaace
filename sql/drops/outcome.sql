-- A row is an outcome of a drop's grants: applied, or refused for a reason; each grant counts once,
-- as applied if it ever was (a second launch gives repeats), with its coins.
SELECT
    if(times_applied > 0, 'applied', 'refused') AS outcome,
    if(times_applied > 0, '', first_reason) AS reason,
    count() AS people,
    sum(coins) AS coins
FROM
(
    SELECT
        event_id,
        countIf(outcome = 'applied') AS times_applied,
        countIf(outcome = 'refused') AS times_refused,
        argMinIf(reason, source_offset, outcome = 'refused') AS first_reason,
        any(amount) AS coins
    FROM ledger_results FINAL
    WHERE campaign = {campaign:String} AND type = 'grant' AND startsWith(event_id, {prefix:String})
    GROUP BY event_id
    HAVING times_applied + times_refused > 0
)
GROUP BY outcome, reason
ORDER BY outcome, reason
