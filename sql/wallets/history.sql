-- A row is a posting of one account, the newest first.
SELECT version, time, type, activity, campaign, counterparty, amount, balance, event_id
FROM postings FINAL
WHERE account = {account:String}
ORDER BY version DESC
LIMIT {limit:UInt32} OFFSET {offset:UInt64}
