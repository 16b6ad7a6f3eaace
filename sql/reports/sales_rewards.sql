-- One row per campaign, program and rule by which it rewarded purchases in a window of days, by whom it
-- rewards: how often, with how many coins, and how many of these came back since the sharer could not take
-- them or opened no wallet. `settled` is what the budget's postings say that it paid.
SELECT
    r.campaign AS campaign,
    r.program AS program,
    r.activity AS rule,
    if(r.sharer = '', 'buyer', 'sharer') AS rewarded,
    count() AS rewards,
    uniqExact((r.subject, r.cause_source, r.cause)) AS purchases,
    sum(r.amount) AS coins,
    sum(p.paid) AS settled,
    sum(b.back) AS returned
FROM
(
    SELECT *
    FROM ledger_results FINAL
    WHERE campaign IN {campaigns:Array(String)}
        AND type = 'reward'
        AND outcome = 'applied'
        AND toDate(time, {zone:String}) BETWEEN {begin:Date} AND {end:Date}
) AS r
LEFT JOIN
(
    SELECT source_partition, source_offset, -sum(amount) AS paid
    FROM settlement_postings
    WHERE campaign IN {campaigns:Array(String)} AND operation = 'reward' AND kind = 'budget'
    GROUP BY source_partition, source_offset
) AS p ON p.source_partition = r.source_partition AND p.source_offset = r.source_offset
LEFT JOIN
(
    SELECT cause, cause_source, campaign, sum(amount) AS back
    FROM settlement_postings
    WHERE campaign IN {campaigns:Array(String)}
        AND operation IN ('bounce', 'unclaimed')
        AND kind = 'budget'
    GROUP BY cause, cause_source, campaign
) AS b ON b.cause = r.event_id AND b.cause_source = r.event_source AND b.campaign = r.campaign
GROUP BY campaign, program, rule, rewarded
ORDER BY campaign, program, rule, rewarded
