-- One row a `wallet.fund` of a source that the ledger applied: what a budget got by it.
SELECT subject, event_id AS id, program, campaign, amount
FROM ledger_results
WHERE type = 'fund' AND outcome = 'applied' AND event_source = {source:String}
