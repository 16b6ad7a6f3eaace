-- One row: the last place that campaign_events has, read from the table and not from what is known about it.
SELECT max(offset) AS last
FROM campaign_events
