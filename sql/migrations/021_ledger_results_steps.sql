-- Adds to ledger_results which step of what a leg is, and what was pending on each account after.
ALTER TABLE ledger_results
    ADD COLUMN IF NOT EXISTS step LowCardinality(String) AFTER spend, -- of a leg: transfer, ack, ...; of a key: introduce, use, revoke
    ADD COLUMN IF NOT EXISTS cause String AFTER step, -- leg: the client's event; reverse, redeem_settle: what it is of
    ADD COLUMN IF NOT EXISTS cause_source String AFTER cause, -- of what cause names; '' when nobody gave one
    ADD COLUMN IF NOT EXISTS `posting.pending` Array(Int64) AFTER `posting.version`
