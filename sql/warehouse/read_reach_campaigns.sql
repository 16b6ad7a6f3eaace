-- One row: how many people are in reach_campaigns, read from the table itself and not from its metadata.
SELECT groupBitmapMerge(people) AS last
FROM reach_campaigns
