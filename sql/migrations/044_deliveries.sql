-- One row a posting that paid a carrier for data, or took it back: for whose number, how much, at which
-- price. A settlement or reversal is of the redemption that its cause and the source of that name; where
-- the ledger forgot an id and one came again, of the last before it.
CREATE VIEW IF NOT EXISTS deliveries AS
SELECT
    concat('carrier:', carrier) AS party,
    moved.program AS program,
    if(moved.type = 'leg', moved.step, moved.type) AS operation,
    extract(moved.account, '^carrier:(.*?)(?::[^:@]*)?(?:@[0-9]+)?$') AS carrier,
    if(redeemed.network = '', carrier, redeemed.network) AS network, -- whose user got the data
    if(moved.amount < 0, -redeemed.mb, redeemed.mb) AS mb,
    if(redeemed.mb = 0, 0, abs(moved.amount) / redeemed.mb) AS price, -- coins a MB; 0: none is known
    moved.amount AS amount,
    moved.account AS account,
    moved.version AS version,
    moved.event_id AS event_id,
    moved.event_source AS event_source,
    moved.cause AS cause,
    moved.cause_source AS cause_source,
    moved.time AS time,
    moved.source_partition AS source_partition,
    moved.source_offset AS source_offset
FROM
(
    SELECT
        *,
        if(type = 'redeem', event_id, cause) AS redemption,
        if(type = 'redeem', event_source, cause_source) AS redemption_source
    FROM postings FINAL
    WHERE kind = 'carrier' AND amount != 0
) AS moved
ASOF LEFT JOIN
(
    SELECT program, subject, event_id, event_source, network, mb, source_partition, source_offset
    FROM ledger_results FINAL
    WHERE type = 'redeem' AND outcome = 'applied'
) AS redeemed
ON moved.program = redeemed.program
    AND moved.subject = redeemed.subject
    AND moved.redemption = redeemed.event_id
    AND moved.redemption_source = redeemed.event_source
    AND moved.source_partition = redeemed.source_partition
    AND moved.source_offset >= redeemed.source_offset
