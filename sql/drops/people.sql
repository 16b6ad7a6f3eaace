-- A row is one of the named people and what the ledger made of a drop's grant to them.
SELECT
    subject AS person,
    if(countIf(outcome = 'applied') > 0, 'applied', 'refused') AS outcome,
    if(countIf(outcome = 'applied') > 0, '', argMinIf(reason, source_offset, outcome = 'refused')) AS reason
FROM ledger_results FINAL
WHERE campaign = {campaign:String} AND type = 'grant' AND startsWith(event_id, {prefix:String})
    AND subject IN {people:Array(String)}
GROUP BY subject
HAVING countIf(outcome IN ('applied', 'refused')) > 0
