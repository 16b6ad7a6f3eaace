-- One row per order for which a wallet holds coins at an offset of its partition, oldest first.
SELECT
    event_id AS "order",
    event_source AS source,
    any(amount) AS amount,
    anyIf(item, item != '') AS item
FROM
(
    SELECT
        if(type = 'order_place', event_id, cause) AS event_id,
        if(type = 'order_place', event_source, cause_source) AS event_source,
        type,
        amount,
        item,
        source_offset
    FROM ledger_results FINAL
    WHERE
        source_partition = {partition:UInt16}
        AND source_offset < {cut:UInt64}
        AND subject = {account:String}
        AND outcome = 'applied'
        AND type IN ('order_place', 'order_fulfil', 'order_cancel')
    ORDER BY source_offset
)
GROUP BY event_id, event_source
HAVING countIf(type = 'order_place') > countIf(type != 'order_place')
ORDER BY min(source_offset)
