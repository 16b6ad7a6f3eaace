-- No row: empties the staging partition of {program} for {as_of}, left by a scoring that died.
ALTER TABLE scores_staging DROP PARTITION ({program:String}, {as_of:Date})
