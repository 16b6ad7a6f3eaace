-- One row per day (UTC) with traffic: how much is stored of it, and when the last of it arrived.
SELECT toDate(time, 'UTC') AS day, count() AS events, max(arrived) AS latest
FROM campaign_events
WHERE type IN ('contact', 'exposure', 'click') AND number != 0
GROUP BY day
ORDER BY day
