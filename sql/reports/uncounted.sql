-- One row per campaign with stored exposures or clicks, which no figure counts yet: of the
-- campaigns asked for, or of all if none is.
SELECT
    campaign,
    countIf(type = 'exposure') AS exposures,
    countIf(type = 'click') AS clicks
FROM campaign_events FINAL
WHERE (empty({campaigns:Array(String)}) OR campaign IN {campaigns:Array(String)})
    AND type IN ('exposure', 'click')
GROUP BY campaign
ORDER BY campaign
