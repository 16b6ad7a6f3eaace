-- Adds to ledger_results what an order was of, and how many of a partner's points were exchanged.
ALTER TABLE ledger_results
    ADD COLUMN IF NOT EXISTS item LowCardinality(String) AFTER cause_source, -- order_place: of the catalogue; key: its id
    ADD COLUMN IF NOT EXISTS points Int64 AFTER item -- points_in, points_out
