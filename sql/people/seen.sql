-- One row per id that events name as theirs: its number, and the time of its first event.
SELECT person AS id, max(number) AS number, min(time) AS since
FROM campaign_events
WHERE person IN {ids:Array(String)}
    AND time <= {at:DateTime64(6, 'UTC')} AND arrived <= {known:DateTime64(6, 'UTC')}
GROUP BY id
ORDER BY id
