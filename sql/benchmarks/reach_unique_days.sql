-- One row per day, and one for all ('1970-01-01'): the people whom a campaign served something, counted anew.
SELECT toDate(time, 'UTC') AS day, uniqExact(number) AS reach
FROM campaign_events
WHERE campaign = {campaign:String} AND type = 'exposure' AND NOT paid
GROUP BY GROUPING SETS ((day), ())
ORDER BY day
