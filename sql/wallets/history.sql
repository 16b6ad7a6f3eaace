-- One row per posting of one account, in the order in which they were applied, last first.
SELECT version, time, type, activity, campaign, counterparty, amount, balance, event_id, event_source
FROM postings FINAL
WHERE account = {account:String}
ORDER BY version DESC
LIMIT {limit:UInt32} OFFSET {offset:UInt64}
