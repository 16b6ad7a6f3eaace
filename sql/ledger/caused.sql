-- One row a result of an event id, of an event that is of it (a reverse, the end of a redemption), or
-- of a leg whose id begins with it (leg:partition:offset:number), in the order of places.
SELECT
    source_partition,
    source_offset,
    event_id,
    type,
    subject,
    program,
    time,
    outcome,
    reason,
    amount,
    counterparty,
    step,
    cause,
    `posting.account` AS accounts,
    `posting.kind` AS kinds,
    `posting.amount` AS amounts,
    `posting.balance` AS balances,
    `posting.version` AS versions,
    `posting.pending` AS pendings,
    topic,
    partition,
    offset
FROM ledger_results FINAL
WHERE
    event_id IN {ids:Array(String)}
    OR cause IN {ids:Array(String)}
    OR (type = 'leg' AND substringIndex(event_id, ':', 3) IN {ids:Array(String)})
ORDER BY source_partition, source_offset
