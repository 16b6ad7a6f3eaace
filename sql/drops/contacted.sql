-- One row per person whom a drop has contacted: the log has the event.
SELECT DISTINCT person
FROM campaign_events
WHERE campaign = {campaign:String} AND type = 'contact' AND source = {source:String}
