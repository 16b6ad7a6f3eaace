-- One row per redemption for which a wallet holds coins at an offset of its partition, oldest
-- first.
SELECT event_id AS redemption, event_source AS source, any(amount) AS amount, any(carrier) AS carrier
FROM
(
    SELECT
        if(type = 'redeem', event_id, cause) AS event_id,
        if(type = 'redeem', event_source, cause_source) AS event_source,
        type,
        amount,
        carrier,
        source_offset
    FROM ledger_results FINAL
    WHERE
        source_partition = {partition:UInt16}
        AND source_offset < {cut:UInt64}
        AND subject = {account:String}
        AND outcome = 'applied'
        AND (
            type IN ('redeem_settle', 'redeem_fail', 'redeem_expire')
            OR (type = 'redeem' AND `posting.amount` = [0])
        )
    ORDER BY source_offset
)
GROUP BY event_id, event_source
HAVING countIf(type = 'redeem') > countIf(type != 'redeem')
ORDER BY min(source_offset)
