-- One row per campaign that has rows of {program} for {as_of}: when it ran and how its people did.
-- An offer without an end is over {offer_days} days after its contact; of a campaign used for
-- training, no contact on or after as_of is known.
SELECT
    r.campaign AS campaign,
    r.purpose AS purpose,
    any(r.channel) AS channel,
    any(r.at) AS start,
    if(purpose = 'training', any(k.finish_known), any(k.finish)) AS finish,
    count() AS people,
    sum(ifNull(r.label, 0)) AS redeemers
FROM feature_rows AS r
INNER JOIN
(
    SELECT
        campaign,
        max(ends) AS finish,
        maxIf(ends, time < toDateTime64({as_of:Date}, 6, 'UTC')) AS finish_known
    FROM
    (
        SELECT
            campaign,
            time,
            greatest(time, ifNull(until, time + toIntervalDay({offer_days:UInt16}))) AS ends
        FROM campaign_events FINAL
        WHERE type = 'contact'
    )
    GROUP BY campaign
) AS k ON k.campaign = r.campaign
WHERE r.program = {program:String} AND r.as_of = {as_of:Date}
GROUP BY campaign, purpose
ORDER BY start, campaign
