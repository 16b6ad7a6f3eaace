-- At most one row: a redemption that was settled, failed or expired more often than coins were held
-- for it, an order that was fulfilled or cancelled more often than placed or refunded more often
-- than fulfilled, a packet that was sent or ended more than once, or a person who drew from one
-- twice.
SELECT source_partition, subject, what, name, name_source, begun, ended
FROM
(
    SELECT
        source_partition,
        subject,
        'redemption' AS what,
        if(type = 'redeem', event_id, cause) AS name,
        if(type = 'redeem', event_source, cause_source) AS name_source,
        countIf(type = 'redeem') AS begun,
        countIf(type != 'redeem') AS ended
    FROM ledger_results FINAL
    WHERE outcome = 'applied' AND type IN ('redeem', 'redeem_settle', 'redeem_fail', 'redeem_expire')
    GROUP BY source_partition, subject, name, name_source
    HAVING ended > begun
    UNION ALL
    SELECT
        source_partition,
        subject,
        'order',
        if(type = 'order_place', event_id, cause) AS name,
        if(type = 'order_place', event_source, cause_source) AS name_source,
        countIf(type = 'order_place') AS begun,
        countIf(type != 'order_place') AS ended
    FROM ledger_results FINAL
    WHERE outcome = 'applied' AND type IN ('order_place', 'order_fulfil', 'order_cancel')
    GROUP BY source_partition, subject, name, name_source
    HAVING ended > begun
    UNION ALL
    SELECT
        source_partition,
        subject,
        'refund',
        cause,
        cause_source,
        countIf(type = 'order_fulfil') AS begun,
        countIf(type = 'order_refund') AS ended
    FROM ledger_results FINAL
    WHERE outcome = 'applied' AND type IN ('order_fulfil', 'order_refund')
    GROUP BY source_partition, subject, cause, cause_source
    HAVING ended > begun
    UNION ALL
    SELECT
        source_partition,
        if(type = 'packet_send', counterparty, subject) AS packet,
        'packet',
        if(type = 'packet_claim', counterparty, '') AS claimer,
        '',
        countIf(type = 'packet_send'),
        countIf(type != 'packet_send')
    FROM ledger_results FINAL
    WHERE outcome = 'applied' AND type IN ('packet_send', 'packet_claim', 'packet_expire')
    GROUP BY source_partition, packet, claimer
    HAVING countIf(type = 'packet_send') > 1 OR countIf(type != 'packet_send') > 1
)
ORDER BY source_partition, subject, name, name_source
LIMIT 1
SETTINGS max_bytes_before_external_group_by = 500000000
