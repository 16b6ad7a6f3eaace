-- Adds to campaign_events what events of people and descriptions of campaigns hold. Rows from before have
-- none of it.
ALTER TABLE campaign_events
    ADD COLUMN IF NOT EXISTS number UInt32 AFTER source, -- the person's, given once; 0 for none
    ADD COLUMN IF NOT EXISTS description String AFTER number, -- describe: its data, as JSON
    ADD COLUMN IF NOT EXISTS creative LowCardinality(String) AFTER granted, -- exposure, click
    ADD COLUMN IF NOT EXISTS attributes Map(LowCardinality(String), String) AFTER creative, -- profile: JSON values
    ADD COLUMN IF NOT EXISTS other String AFTER attributes, -- link: the other id
    ADD COLUMN IF NOT EXISTS kind LowCardinality(String) AFTER other, -- link: what it is an id of
    ADD COLUMN IF NOT EXISTS linked Nullable(Bool) AFTER kind, -- link: false when it is withdrawn
    ADD COLUMN IF NOT EXISTS program LowCardinality(String) AFTER linked -- opened: whose wallet
