-- One row per table of reach, and campaign_events: its rows, parts and bytes on disk.
SELECT table, sum(rows) AS rows, count() AS parts, sum(bytes_on_disk) AS bytes
FROM system.parts
WHERE database = currentDatabase()
    AND active
    AND table IN (
        'campaign_events', 'reach_days', 'reach_by_day', 'reach_campaigns', 'reach_sums', 'reach_counts',
        'people_numbers', 'people_bitmaps'
    )
GROUP BY table
ORDER BY table
