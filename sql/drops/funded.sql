-- A row is the coins that reached a drop's budget shards, each fund event once.
SELECT sum(amount) AS coins
FROM
(
    SELECT event_id, any(amount) AS amount
    FROM ledger_results FINAL
    WHERE campaign = {campaign:String} AND type = 'fund' AND outcome = 'applied'
    GROUP BY event_id
)
