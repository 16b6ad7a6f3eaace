-- One row per arm of the campaign with people whose grants the ledger refused, for which reasons, and who
-- were given none: how many of the arm's people. Nobody of two arms counts.
SELECT
    of.arm_low AS arm,
    count() AS people,
    countIf(notEmpty(asked.reasons)) AS refused,
    arraySort(groupUniqArrayArray(asked.reasons)) AS reasons
FROM
(
    SELECT person, min(arm) AS arm_low
    FROM person_events
    WHERE campaign = {campaign:String} AND type = 'assignment'
    GROUP BY person
    HAVING arm_low = max(arm)
) AS of
LEFT JOIN
(
    SELECT
        if(step = 'ask', counterparty, subject) AS person,
        groupUniqArrayIf(toString(reason), outcome = 'refused') AS reasons
    FROM ledger_results FINAL
    WHERE campaign = {campaign:String} AND outcome IN ('applied', 'refused') AND (
        type = 'grant'
        OR (step = 'ask' AND reason = 'budget_exhausted')
        OR (
            step = 'grant' AND counterparty = concat('budget:', campaign) -- the reserve, not a shard
            AND reason IN (
                '', 'wrong_program', 'closed', 'over_tier_balance', 'too_many_waiting',
                'balance_limit'
            )
        )
    )
    GROUP BY person
    HAVING countIf(outcome = 'applied') = 0
) AS asked ON asked.person = of.person
GROUP BY arm
HAVING refused > 0
ORDER BY arm
