-- Not one row: puts the staged scores of {as_of} in the old ones' place, at once.
ALTER TABLE scores REPLACE PARTITION {as_of:Date} FROM scores_staging
