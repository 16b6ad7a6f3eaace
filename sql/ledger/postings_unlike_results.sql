-- One row per partition whose postings differ from those of its results: how many each has.
SELECT
    partition,
    stored.postings AS stored,
    expected.postings AS expected
FROM
(
    SELECT
        source_partition AS partition,
        count() AS postings,
        sum(cityHash64(
            account, version, kind, program, amount, balance, pending, event_id, event_source, cause, cause_source, type,
            step, subject, campaign, activity, counterparty, time, arrived, source_offset
        )) AS content
    FROM postings FINAL
    GROUP BY partition
) AS stored
FULL OUTER JOIN
(
    SELECT
        source_partition AS partition,
        count() AS postings,
        sum(cityHash64(
            account, version, kind, program, moved, balance, pending, event_id, event_source, cause, cause_source, type,
            step, subject, campaign, activity, counterparty, time, arrived, source_offset
        )) AS content
    FROM ledger_results FINAL
    ARRAY JOIN
        `posting.account` AS account,
        `posting.version` AS version,
        `posting.kind` AS kind,
        `posting.amount` AS moved,
        `posting.balance` AS balance,
        `posting.pending` AS pending
    GROUP BY partition
) AS expected USING (partition)
WHERE stored.postings != expected.postings OR stored.content != expected.content
ORDER BY partition
