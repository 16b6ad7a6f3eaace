-- A row is a person who has a wallet in the program: the ledger applied its opening.
SELECT DISTINCT subject AS person
FROM ledger_results
WHERE program = {program:String} AND type = 'open' AND outcome = 'applied'
