-- One row per outcome of a drop's grants: applied, or refused for a reason. Each grant counts once,
-- with its coins, as applied if it ever was (a second launch yields repeats). One that the shard
-- passed on to the reserve was applied when the leg `grant` arrived, or refused by `ask`.
SELECT
    if(times_applied > 0, 'applied', 'refused') AS outcome,
    if(times_applied > 0, '', first_reason) AS reason,
    count() AS people,
    sum(coins) AS coins
FROM
(
    SELECT
        if(type = 'grant', event_id, cause) AS grant_id,
        if(type = 'grant', event_source, cause_source) AS grant_source,
        countIf(outcome = 'applied' AND step != 'ask') AS times_applied,
        countIf(outcome = 'refused' AND (step = '' OR reason = 'budget_exhausted')) AS times_refused,
        argMinIf(reason, source_offset, outcome = 'refused') AS first_reason,
        any(amount) AS coins
    FROM ledger_results FINAL
    WHERE campaign = {campaign:String} AND (type = 'grant' OR step IN ('ask', 'grant'))
        AND grant_source = {source:String} AND startsWith(grant_id, {prefix:String})
    GROUP BY grant_source, grant_id
    HAVING times_applied + times_refused > 0
)
GROUP BY outcome, reason
ORDER BY outcome, reason
