-- Not one row: puts the staged scores of {program} for {as_of} in the old ones' place, at once.
ALTER TABLE scores REPLACE PARTITION ({program:String}, {as_of:Date}) FROM scores_staging
