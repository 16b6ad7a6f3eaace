-- Fills people_numbers with the ids that are not there yet.
CREATE MATERIALIZED VIEW IF NOT EXISTS people_numbers_view TO people_numbers AS
SELECT person, number
FROM campaign_stream
WHERE NOT bitmapContains(
        (SELECT groupBitmapMergeState(people) FROM people_bitmaps WHERE kind = 'seen'), number
    )
GROUP BY person, number
