-- One row: how many campaign events the warehouse holds, each id once.
SELECT count() AS events FROM campaign_events FINAL
