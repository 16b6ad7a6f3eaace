-- Adds to people_bitmaps the people of whom more than an id is known.
CREATE MATERIALIZED VIEW IF NOT EXISTS people_known_view TO people_bitmaps AS
SELECT 'known' AS kind, groupBitmapState(number) AS people
FROM campaign_stream
WHERE campaign = '' AND type IN ('opened', 'profile', 'link')
GROUP BY kind
