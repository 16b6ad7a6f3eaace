-- Adds to people_bitmaps the people who are new in people_numbers.
CREATE MATERIALIZED VIEW IF NOT EXISTS people_seen_view TO people_bitmaps AS
SELECT 'seen' AS kind, groupBitmapState(number) AS people
FROM people_numbers
GROUP BY kind
