-- One row per record in a range of a partition of wallet.events, in order: what the ledger made of
-- it.
SELECT
    source_partition,
    source_offset,
    event_id,
    event_source,
    type,
    subject,
    program,
    toUnixTimestamp64Micro(time) AS time,
    outcome,
    reason,
    amount,
    activity,
    campaign,
    carrier,
    counterparty,
    spend,
    step,
    cause,
    cause_source,
    item,
    points,
    sharer,
    network,
    mb,
    `posting.account`,
    `posting.kind`,
    `posting.amount`,
    `posting.balance`,
    `posting.version`,
    `posting.pending`
FROM ledger_results FINAL
WHERE source_partition = {partition:UInt16} AND source_offset >= {first:UInt64} AND source_offset < {end:UInt64}
ORDER BY source_offset
SETTINGS optimize_read_in_order = 0 -- FINAL reads by one thread otherwise
