-- A row is one of the named people and what the ledger made of a drop's grant to them.
SELECT
    person,
    if(times_applied > 0, 'applied', 'refused') AS outcome,
    if(times_applied > 0, '', first_reason) AS reason
FROM
(
    SELECT
        subject AS person,
        countIf(outcome = 'applied') AS times_applied,
        countIf(outcome = 'refused') AS times_refused,
        argMinIf(reason, source_offset, outcome = 'refused') AS first_reason
    FROM ledger_results FINAL
    WHERE campaign = {campaign:String} AND type = 'grant' AND startsWith(event_id, {prefix:String})
        AND subject IN {people:Array(String)}
    GROUP BY person
    HAVING times_applied + times_refused > 0
)
