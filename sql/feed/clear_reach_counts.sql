-- No row: deletes what reach_counts holds of a partition of campaign.accepted, to be filled again.
DELETE FROM reach_counts
WHERE partition = {partition:UInt16}
