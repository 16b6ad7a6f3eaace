-- Adds to ledger_results who passed on what a person drew from.
ALTER TABLE ledger_results
    ADD COLUMN IF NOT EXISTS sharer String AFTER points -- packet_share; packet_claim through a share
