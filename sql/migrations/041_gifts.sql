-- One row a gift (a transfer between wallets) that stands: one that was taken back is none.
CREATE VIEW IF NOT EXISTS gifts AS
SELECT program, subject AS payer, counterparty AS payee, amount, event_id, event_source, time
FROM ledger_results FINAL
WHERE
    type = 'transfer'
    AND outcome = 'applied'
    AND amount > 0
    AND (subject, event_source, event_id) NOT IN (
        SELECT subject, cause_source, cause
        FROM ledger_results FINAL
        WHERE outcome = 'applied' AND (type = 'reverse' OR step = 'reversal')
    )
