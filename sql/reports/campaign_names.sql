-- One row per campaign that an event or a grant names.
SELECT DISTINCT name
FROM
(
    SELECT DISTINCT campaign AS name FROM campaign_events WHERE campaign != ''
    UNION ALL
    SELECT DISTINCT campaign AS name FROM postings WHERE campaign != ''
)
ORDER BY name
