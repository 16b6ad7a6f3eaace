-- One row: how many contacts and exposures were stored without their person's number.
SELECT count() AS events
FROM campaign_events
WHERE type IN ('contact', 'exposure') AND number = 0
