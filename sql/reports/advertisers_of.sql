-- One row per advertiser of the campaigns asked for, by their latest descriptions.
SELECT DISTINCT advertiser
FROM
(
    SELECT argMax(d.advertiser, (d.time, d.offset)) AS advertiser
    FROM campaign_descriptions AS d
    WHERE d.campaign IN {campaigns:Array(String)}
    GROUP BY d.campaign
)
WHERE advertiser != ''
ORDER BY advertiser
