-- One row per person for whom the log has a drop's grant, whatever the ledger made of it.
SELECT DISTINCT subject AS person
FROM ledger_results
WHERE campaign = {campaign:String} AND type = 'grant' AND event_source = {source:String}
    AND startsWith(event_id, {prefix:String})
