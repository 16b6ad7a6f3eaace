-- One row a draw from a red packet: who sent it, who drew, how much.
CREATE VIEW IF NOT EXISTS packet_draws AS
SELECT
    draws.program AS program,
    draws.subject AS packet,
    sent.subject AS sender,
    draws.counterparty AS claimer,
    draws.amount AS amount,
    draws.event_id AS event_id,
    draws.event_source AS event_source,
    draws.time AS time
FROM
(
    SELECT program, subject, counterparty, amount, event_id, event_source, time
    FROM ledger_results FINAL
    WHERE type = 'packet_claim' AND outcome = 'applied'
) AS draws
INNER JOIN
(
    SELECT counterparty, subject
    FROM ledger_results FINAL
    WHERE type = 'packet_send' AND outcome = 'applied'
) AS sent ON draws.subject = sent.counterparty
