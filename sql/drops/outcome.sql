-- A row is an outcome of a drop's grants: applied, or refused for a reason; each grant counts once,
-- as applied if it ever was (a second launch gives repeats), with its coins.
SELECT
    outcome,
    reason,
    count() AS people,
    sum(amount) AS coins
FROM
(
    SELECT
        event_id,
        if(countIf(outcome = 'applied') > 0, 'applied', 'refused') AS outcome,
        if(countIf(outcome = 'applied') > 0, '', argMinIf(reason, source_offset, outcome = 'refused')) AS reason,
        any(amount) AS amount
    FROM ledger_results FINAL
    WHERE campaign = {campaign:String} AND type = 'grant' AND startsWith(event_id, {prefix:String})
    GROUP BY event_id
    HAVING countIf(outcome IN ('applied', 'refused')) > 0
)
GROUP BY outcome, reason
ORDER BY outcome, reason
