-- One row per campaign that contacted anybody, of those asked for or of all if none is: its first contact
-- and the latest end of its offers.
SELECT campaign, min(time) AS start, max(until) AS end -- NULL when no contact says
FROM campaign_events
WHERE type = 'contact'
    AND (empty({campaigns:Array(String)}) OR campaign IN {campaigns:Array(String)})
GROUP BY campaign
ORDER BY campaign
