-- One row per campaign, program, operation (grant or reward) and reason: what was asked of the campaign's
-- budget in a window of days and refused, and how many people it was for. A grant that the reserve refused,
-- or that it paid and the wallet could not take, counts with the others. Coins are NULL where nothing says
-- how many: a reward's amount is its rule's.
SELECT
    campaign,
    program,
    operation,
    reason,
    count() AS events,
    uniqExact(person) AS people,
    sum(nullIf(asked, 0)) AS coins
FROM
(
    SELECT
        campaign,
        program,
        if(type = 'reward', 'reward', 'grant') AS operation,
        reason,
        if(step = 'ask', counterparty, subject) AS person,
        max(amount) AS asked
    FROM ledger_results FINAL
    WHERE campaign IN {campaigns:Array(String)}
        AND outcome = 'refused'
        AND toDate(time, {zone:String}) BETWEEN {begin:Date} AND {end:Date}
        AND (
            type IN ('grant', 'reward')
            OR (step = 'ask' AND reason = 'budget_exhausted')
            OR (
                step = 'grant' AND counterparty = concat('budget:', campaign) -- the reserve, not a shard
                AND reason IN (
                    'wrong_program', 'closed', 'over_tier_balance', 'too_many_waiting', 'balance_limit'
                )
            )
        )
    GROUP BY
        campaign,
        program,
        operation,
        reason,
        person,
        if(type = 'leg', cause_source, event_source), -- of the event that asked
        if(type = 'leg', cause, event_id)
)
GROUP BY campaign, program, operation, reason
ORDER BY campaign, program, operation, reason
