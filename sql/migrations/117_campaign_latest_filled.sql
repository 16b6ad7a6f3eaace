-- Fills campaign_latest with what campaign_events held before the view was there.
INSERT INTO campaign_latest
SELECT
    e.campaign AS campaign,
    e.partition AS partition,
    max(e.time) AS time,
    max(e.arrived) AS arrived,
    max(e.offset) AS offset
FROM campaign_events AS e
GROUP BY campaign, partition
