-- One row: how many people are in people_bitmaps, read from the table itself and not from its metadata.
SELECT groupBitmapMerge(people) AS last
FROM people_bitmaps
