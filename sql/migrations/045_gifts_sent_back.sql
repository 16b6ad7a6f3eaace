-- One row a gift that stands, as 041 has it; one that its payee could not hold, or that
-- waited for them in vain, went back, and is none.
CREATE OR REPLACE VIEW gifts AS
SELECT program, subject AS payer, counterparty AS payee, amount, event_id, event_source, time
FROM ledger_results FINAL
WHERE
    type = 'transfer'
    AND outcome = 'applied'
    AND amount > 0
    AND (subject, event_source, event_id) NOT IN (
        SELECT subject, cause_source, cause
        FROM ledger_results FINAL
        WHERE outcome = 'applied' AND (type = 'reverse' OR step IN ('reversal', 'bounce', 'unclaimed'))
    )
