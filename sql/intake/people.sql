-- One row a person or wallet that any event has told of: the hash of the name, 64 bits.
SELECT DISTINCT xxh3(name) AS hash
FROM
(
    SELECT person AS name FROM campaign_events
    UNION ALL
    SELECT subject AS name FROM ledger_results WHERE outcome = 'applied'
)
