-- One row a wallet that is open or frozen: the hash of its name, 64 bits. Everything that happens to
-- a wallet is in one partition's log, in offset order.
SELECT xxh3(subject) AS hash
FROM ledger_results
WHERE outcome = 'applied' AND type IN ('open', 'close')
GROUP BY subject
HAVING argMax(type, source_offset) = 'open'
