-- Has postings_view fill the column that 131 added.
ALTER TABLE postings_view MODIFY QUERY
SELECT
    posting_account AS account,
    posting_version AS version,
    posting_kind AS kind,
    program,
    posting_amount AS amount,
    posting_balance AS balance,
    posting_pending AS pending,
    event_id,
    event_source,
    cause,
    cause_source,
    type,
    step,
    subject,
    campaign,
    activity,
    counterparty,
    time,
    source_partition,
    source_offset,
    arrived
FROM ledger_results
ARRAY JOIN
    `posting.account` AS posting_account,
    `posting.version` AS posting_version,
    `posting.kind` AS posting_kind,
    `posting.amount` AS posting_amount,
    `posting.balance` AS posting_balance,
    `posting.pending` AS posting_pending
