-- Into feature_rows_staging, one row per person and moment, of {program}'s {purpose} for {as_of}:
-- features of what had happened before the moment (time < at) and stood then, and the label: whether
-- the person redeemed in the campaign, from its start on.
--   training  contacted people of each campaign that had ended by as_of, at its start
--   running   ... of each campaign that had begun, but not ended
--   later     ... of each campaign that began on or after as_of
--   scoring   everyone with a wallet of {program}, at as_of, for a next campaign in {channel}
-- An offer without an end is over {offer_days} days after its contact. A conversion before the
-- campaign's first contact does not count as a redemption. A purchase that was later reversed counts
-- until its reversal. A campaign older than the program's first purchase is left out: its people's past
-- is unknown, not empty. So is a person who had no wallet when the campaign began.
INSERT INTO feature_rows_staging
WITH
    toDateTime64({as_of:Date}, 6, 'UTC') AS cutoff,
    wallets AS
    (
        SELECT subject AS person, min(time) AS opened
        FROM ledger_results FINAL
        WHERE program = {program:String} AND outcome = 'applied' AND type IN ('open', 'earn')
        GROUP BY person
    ),
    purchases AS
    (
        SELECT e.person AS person, e.time AS time, e.cents AS cents, u.undone AS undone
        FROM
        (
            SELECT
                subject AS person,
                event_source,
                event_id,
                time,
                ifNull(spend, 0) AS cents
            FROM ledger_results FINAL
            WHERE program = {program:String} AND outcome = 'applied' AND type = 'earn'
                AND activity = 'purchase'
        ) AS e
        LEFT JOIN
        (
            SELECT subject AS person, cause_source, cause, min(time) AS undone
            FROM ledger_results FINAL
            WHERE program = {program:String} AND outcome = 'applied' AND type = 'reverse'
            GROUP BY person, cause_source, cause
        ) AS u
            ON u.person = e.person AND u.cause_source = e.event_source AND u.cause = e.event_id
    ),
    offers AS -- each contact
    (
        SELECT
            person,
            campaign,
            time,
            channel,
            greatest(time, ifNull(until, time + toIntervalDay({offer_days:UInt16}))) AS ends
        FROM campaign_events FINAL
        WHERE type = 'contact'
    ),
    starts AS
    (
        SELECT
            campaign,
            min(time) AS start,
            maxIf(ends, time < cutoff) AS finish_known -- 1970 if nothing was known about it
        FROM offers
        GROUP BY campaign
    ),
    contacts AS
    (
        SELECT
            person,
            campaign,
            min(time) AS first_time,
            argMin(channel, (time, channel)) AS first_channel
        FROM offers
        GROUP BY person, campaign
    ),
    redemptions AS
    (
        SELECT v.person AS person, v.campaign AS campaign, v.time AS time
        FROM
        (
            SELECT person, campaign, time
            FROM campaign_events FINAL
            WHERE type = 'conversion'
        ) AS v
        INNER JOIN starts AS s ON s.campaign = v.campaign
        WHERE v.time >= s.start
    ),
    campaigns AS
    (
        SELECT
            campaign,
            start,
            multiIf(start >= cutoff, 'later', finish_known < cutoff, 'training', 'running') AS stage
        FROM starts
        WHERE start > (SELECT min(time) FROM purchases)
    ),
    points AS
    (
        SELECT c.campaign AS campaign, c.person AS person, k.start AS at, c.first_channel AS channel
        FROM contacts AS c
        INNER JOIN campaigns AS k ON k.campaign = c.campaign
        INNER JOIN wallets AS w ON w.person = c.person
        WHERE w.opened < k.start
            AND k.stage = {purpose:String}
            AND (k.stage != 'training' OR c.first_time < cutoff)
        UNION ALL
        SELECT '' AS campaign, person, cutoff AS at, {channel:String} AS channel
        FROM wallets
        WHERE {purpose:String} = 'scoring' AND opened < cutoff
    ),
    moments AS (SELECT DISTINCT person, at FROM points),
    bought AS
    (
        SELECT
            m.person AS person,
            m.at AS at,
            dateDiff('second', max(p.time), at) / 86400 AS recency_days,
            dateDiff('second', min(p.time), at) / 86400 AS tenure_days,
            countIf(p.time >= at - INTERVAL 7 DAY) AS purchases_7d,
            countIf(p.time >= at - INTERVAL 28 DAY) AS purchases_28d,
            countIf(p.time >= at - INTERVAL 84 DAY) AS purchases_84d,
            uniqExactIf(toDate(p.time), p.time >= at - INTERVAL 84 DAY) AS purchase_days_84d,
            sumIf(p.cents, p.time >= at - INTERVAL 28 DAY) AS spend_28d_cents,
            sumIf(p.cents, p.time >= at - INTERVAL 84 DAY) AS spend_84d_cents,
            max(p.cents) AS spend_largest_cents,
            avg(p.cents) AS spend_average_cents
        FROM moments AS m
        INNER JOIN purchases AS p ON p.person = m.person
        WHERE p.time < m.at AND (p.undone IS NULL OR p.undone >= m.at)
        GROUP BY person, at
    ),
    contacted AS
    (
        SELECT
            m.person AS person,
            m.at AS at,
            uniqExact(c.campaign) AS campaigns_contacted,
            uniqExactIf(c.campaign, c.ends >= at) AS campaigns_running,
            dateDiff('second', max(c.time), at) / 86400 AS contact_recency_days
        FROM moments AS m
        INNER JOIN offers AS c ON c.person = m.person
        WHERE c.time < m.at
        GROUP BY person, at
    ),
    redeemed AS
    (
        SELECT
            m.person AS person,
            m.at AS at,
            count() AS redemptions,
            countIf(r.time >= at - INTERVAL 90 DAY) AS redemptions_90d,
            uniqExact(r.campaign) AS campaigns_redeemed,
            dateDiff('second', max(r.time), at) / 86400 AS redemption_recency_days
        FROM moments AS m
        INNER JOIN redemptions AS r ON r.person = m.person
        WHERE r.time < m.at
        GROUP BY person, at
    ),
    outcomes AS -- what training may know ends at as_of
    (
        SELECT person, campaign, 1 AS redeemed
        FROM redemptions
        WHERE {purpose:String} != 'training' OR time < cutoff
        GROUP BY person, campaign
    )
SELECT
    {program:String} AS program,
    {as_of:Date} AS as_of,
    {purpose:String} AS purpose,
    p.campaign AS campaign,
    p.person AS person,
    p.at AS at,
    if({purpose:String} = 'scoring', NULL, toUInt8(ifNull(o.redeemed, 0))) AS label,
    p.channel AS channel,
    b.recency_days AS recency_days,
    b.tenure_days AS tenure_days,
    ifNull(b.purchases_7d, 0) AS purchases_7d,
    ifNull(b.purchases_28d, 0) AS purchases_28d,
    ifNull(b.purchases_84d, 0) AS purchases_84d,
    ifNull(b.purchase_days_84d, 0) AS purchase_days_84d,
    ifNull(b.spend_28d_cents, 0) AS spend_28d_cents,
    ifNull(b.spend_84d_cents, 0) AS spend_84d_cents,
    ifNull(b.spend_largest_cents, 0) AS spend_largest_cents,
    b.spend_average_cents AS spend_average_cents,
    if(b.spend_84d_cents > 0, 3 * b.spend_28d_cents / b.spend_84d_cents, NULL) AS spend_trend,
    ifNull(c.campaigns_contacted, 0) AS campaigns_contacted,
    ifNull(c.campaigns_running, 0) AS campaigns_running,
    c.contact_recency_days AS contact_recency_days,
    ifNull(r.redemptions, 0) AS redemptions,
    ifNull(r.redemptions_90d, 0) AS redemptions_90d,
    ifNull(r.campaigns_redeemed, 0) AS campaigns_redeemed,
    r.redemption_recency_days AS redemption_recency_days,
    if(
        c.campaigns_contacted > 0,
        least(1, ifNull(r.campaigns_redeemed, 0) / c.campaigns_contacted),
        NULL
    ) AS redemption_rate
FROM points AS p
LEFT JOIN bought AS b ON b.person = p.person AND b.at = p.at
LEFT JOIN contacted AS c ON c.person = p.person AND c.at = p.at
LEFT JOIN redeemed AS r ON r.person = p.person AND r.at = p.at
LEFT JOIN outcomes AS o ON o.person = p.person AND o.campaign = p.campaign
SETTINGS join_use_nulls = 1
