-- Adds to ledger_results what an order was of.
ALTER TABLE ledger_results
    ADD COLUMN IF NOT EXISTS item LowCardinality(String) AFTER cause -- order_place: of the catalogue
