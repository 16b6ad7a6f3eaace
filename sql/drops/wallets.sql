-- One row per person who has had a wallet in the program, and its state: open, frozen or closed.
-- Everything that happens to a wallet is in one partition's log, in offset order.
SELECT
    subject AS person,
    transform(
        argMax(type, source_offset), ['freeze', 'close'], ['frozen', 'closed'], 'open'
    ) AS state
FROM ledger_results
WHERE program = {program:String} AND outcome = 'applied'
    AND type IN ('open', 'freeze', 'unfreeze', 'close')
GROUP BY subject
