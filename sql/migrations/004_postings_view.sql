-- Fills postings from ledger_results as it is inserted: one row an element of its posting arrays.
CREATE MATERIALIZED VIEW IF NOT EXISTS postings_view TO postings AS
SELECT
    posting_account AS account,
    posting_version AS version,
    posting_kind AS kind,
    program,
    posting_amount AS amount,
    posting_balance AS balance,
    event_id,
    event_source,
    type,
    subject,
    campaign,
    activity,
    counterparty,
    time,
    source_partition,
    source_offset
FROM ledger_results
ARRAY JOIN
    `posting.account` AS posting_account,
    `posting.version` AS posting_version,
    `posting.kind` AS posting_kind,
    `posting.amount` AS posting_amount,
    `posting.balance` AS posting_balance
