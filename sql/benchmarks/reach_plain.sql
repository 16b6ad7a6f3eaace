-- No row: makes a table of the columns of campaign_events, without views behind it.
CREATE TABLE IF NOT EXISTS plain_events AS campaign_events
