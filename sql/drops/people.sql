-- One row per named person: what the ledger made of a drop's grant to them. A grant that the shard
-- passed on to the reserve was applied when the leg `grant` arrived, or refused by `ask`.
SELECT
    person,
    if(times_applied > 0, 'applied', 'refused') AS outcome,
    if(times_applied > 0, '', first_reason) AS reason
FROM
(
    SELECT
        if(step = 'ask', counterparty, subject) AS person,
        countIf(outcome = 'applied' AND step != 'ask') AS times_applied,
        countIf(outcome = 'refused' AND (step = '' OR reason = 'budget_exhausted')) AS times_refused,
        argMinIf(reason, source_offset, outcome = 'refused') AS first_reason
    FROM ledger_results FINAL
    WHERE campaign = {campaign:String} AND (type = 'grant' OR step IN ('ask', 'grant'))
        AND if(type = 'grant', event_source, cause_source) = {source:String}
        AND startsWith(if(type = 'grant', event_id, cause), {prefix:String})
        AND person IN {people:Array(String)}
    GROUP BY person
    HAVING times_applied + times_refused > 0
)
