-- Adds to campaign_events by what an advertisement was looked at. Rows from before have none of it.
ALTER TABLE campaign_events
    ADD COLUMN IF NOT EXISTS network LowCardinality(String) AFTER program, -- exposure, click: a /24 or /48, or ''
    ADD COLUMN IF NOT EXISTS agent LowCardinality(String) AFTER network -- exposure, click: the user agent, or ''
