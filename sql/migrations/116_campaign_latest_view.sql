-- Fills campaign_latest with what is inserted into campaign_events.
CREATE MATERIALIZED VIEW IF NOT EXISTS campaign_latest_view TO campaign_latest AS
SELECT
    e.campaign AS campaign,
    e.partition AS partition,
    max(e.time) AS time,
    max(e.arrived) AS arrived,
    max(e.offset) AS offset
FROM campaign_events AS e
GROUP BY campaign, partition
