-- One row a campaign that has rows for {as_of}: when it ran and how its people did.
SELECT
    r.campaign AS campaign,
    r.purpose AS purpose,
    any(r.channel) AS channel,
    any(r.at) AS start,
    any(k.finish) AS finish,
    count() AS people,
    sum(ifNull(r.label, 0)) AS redeemers
FROM feature_rows AS r
INNER JOIN
(
    SELECT campaign, max(until) AS finish
    FROM campaign_events FINAL
    WHERE type = 'contact'
    GROUP BY campaign
) AS k ON k.campaign = r.campaign
WHERE r.as_of = {as_of:Date}
GROUP BY campaign, purpose
ORDER BY start, campaign
