-- Adds to postings when the result that they are of arrived. Rows from before have 1970.
ALTER TABLE postings
    ADD COLUMN IF NOT EXISTS arrived DateTime64(3, 'UTC') AFTER source_offset
