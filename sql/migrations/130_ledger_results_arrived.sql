-- Adds to ledger_results when a result arrived. Rows from before have 1970: they count as there always.
ALTER TABLE ledger_results
    ADD COLUMN IF NOT EXISTS arrived DateTime64(3, 'UTC') AFTER offset -- when the worker passed it on: its record's time
