-- One row per redemption for which a wallet ever held coins, whatever became of it.
SELECT DISTINCT subject AS account, event_id AS redemption, event_source AS source
FROM ledger_results
WHERE
    subject IN {accounts:Array(String)}
    AND type = 'redeem'
    AND outcome = 'applied'
    AND `posting.amount` = [0]
ORDER BY account, redemption, source
