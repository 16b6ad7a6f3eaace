-- One row per result of an event, of an event that refers to it (a reversal, the end of a
-- redemption), or of a leg sent by one of the given records (its id is
-- leg:partition:offset:number), by partition and offset. A source of '' matches any; a result that
-- names the event without a source may refer to it.
SELECT
    source_partition,
    source_offset,
    event_id,
    event_source,
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
    cause_source,
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
    (event_id = {event:String} AND {source:String} IN ('', event_source))
    OR (cause = {event:String} AND (cause_source = '' OR {source:String} IN ('', cause_source)))
    OR (type = 'leg' AND substringIndex(event_id, ':', 3) IN {legs:Array(String)})
ORDER BY source_partition, source_offset
