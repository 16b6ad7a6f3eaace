-- No row: deletes what reach_sums holds of a partition of campaign.accepted, to be filled again.
DELETE FROM reach_sums
WHERE partition = {partition:UInt16}
