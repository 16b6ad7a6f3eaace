-- Adds to postings the same.
ALTER TABLE postings
    ADD COLUMN IF NOT EXISTS pending Int64 AFTER balance, -- held of the balance after it
    ADD COLUMN IF NOT EXISTS step LowCardinality(String) AFTER type, -- of a leg: transfer, ack, ...
    ADD COLUMN IF NOT EXISTS cause String AFTER event_source, -- the event that a leg or reversal is of
    ADD COLUMN IF NOT EXISTS cause_source String AFTER cause -- and its source
