-- One row per campaign of which exposures or clicks are stored, which no figure counts yet; of those
-- asked for, or of all when none is.
SELECT
    campaign,
    countIf(type = 'exposure') AS exposures,
    countIf(type = 'click') AS clicks
FROM campaign_events FINAL
WHERE (empty({campaigns:Array(String)}) OR campaign IN {campaigns:Array(String)})
    AND type IN ('exposure', 'click')
GROUP BY campaign
ORDER BY campaign
