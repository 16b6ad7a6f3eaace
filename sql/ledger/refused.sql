-- At most one row: how many events named a subject, and why the last of them was refused.
SELECT count() AS events, argMax(reason, (time, source_offset)) AS reason
FROM ledger_results FINAL
WHERE subject = {account:String}
HAVING events > 0
