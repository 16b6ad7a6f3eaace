-- Adds to ledger_results whose number a redemption's data goes to, and how much of it there is. Rows from
-- before have neither: the carrier's own number, and no price a megabyte.
ALTER TABLE ledger_results
    ADD COLUMN IF NOT EXISTS network LowCardinality(String) AFTER sharer, -- redeem: '' is the carrier's own
    ADD COLUMN IF NOT EXISTS mb Int64 AFTER network -- redeem: by the tier or price in force; 0 when there is none
