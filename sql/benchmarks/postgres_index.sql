-- No row: lets PostgreSQL find a campaign, whose rows lie together.
CREATE INDEX exposures_of_a_campaign ON exposures USING brin (campaign)
