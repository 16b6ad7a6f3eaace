-- No row: replaces the scores of {program} for {as_of} with the staged ones, atomically.
ALTER TABLE scores REPLACE PARTITION ({program:String}, {as_of:Date}) FROM scores_staging
