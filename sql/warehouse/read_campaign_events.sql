-- One row: the highest offset in campaign_events, read from the table itself and not from its
-- metadata.
SELECT max(offset) AS last
FROM campaign_events
