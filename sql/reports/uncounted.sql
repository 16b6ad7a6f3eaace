-- One row per campaign with stored exposures or clicks, which figures of contacts do not count: of the
-- campaigns asked for, or of all if none is.
SELECT campaign, sum(f.exposures) AS exposures, sum(f.clicks) AS clicks
FROM
(
    SELECT campaign, sum(s.events) AS exposures, 0 AS clicks
    FROM reach_sums AS s
    WHERE kind = 'exposure'
        AND (empty({campaigns:Array(String)}) OR campaign IN {campaigns:Array(String)})
    GROUP BY campaign
    UNION ALL
    SELECT campaign, 0 AS exposures, count() AS clicks
    FROM campaign_events
    WHERE type = 'click'
        AND (empty({campaigns:Array(String)}) OR campaign IN {campaigns:Array(String)})
    GROUP BY campaign
) AS f
GROUP BY campaign
ORDER BY campaign
