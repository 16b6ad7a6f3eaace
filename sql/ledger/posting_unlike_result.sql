-- At most one row: the first posting of a partition that is in only one of postings and results.
SELECT source_offset, account, version, any(place) AS only_in
FROM
(
    SELECT
        'postings' AS place, source_offset, account, version, toString(kind) AS kind,
        toString(program) AS program, amount, balance, pending, event_id, event_source, cause, cause_source,
        toString(type) AS type, toString(step) AS step, subject,
        toString(campaign) AS campaign, toString(activity) AS activity, counterparty, time, arrived
    FROM postings FINAL
    WHERE source_partition = {partition:UInt16}
    UNION ALL
    SELECT
        'results' AS place, source_offset, account, version, toString(kind), toString(program),
        moved, balance, pending, event_id, event_source, cause, cause_source, toString(type), toString(step), subject, toString(campaign), toString(activity),
        counterparty, time, arrived
    FROM ledger_results FINAL
    ARRAY JOIN
        `posting.account` AS account,
        `posting.version` AS version,
        `posting.kind` AS kind,
        `posting.amount` AS moved,
        `posting.balance` AS balance,
        `posting.pending` AS pending
    WHERE source_partition = {partition:UInt16}
)
GROUP BY
    source_offset, account, version, kind, program, amount, balance, pending, event_id, event_source, cause, cause_source, type, step,
    subject, campaign, activity, counterparty, time, arrived
HAVING uniqExact(place) = 1
ORDER BY source_offset, account, version
LIMIT 1
SETTINGS max_bytes_before_external_group_by = 500000000
