-- Adds to campaign_events when an event arrived. Rows from before have 1970: they count as there always.
ALTER TABLE campaign_events
    ADD COLUMN IF NOT EXISTS arrived DateTime64(3, 'UTC') AFTER offset -- when it was passed on: its record's time
