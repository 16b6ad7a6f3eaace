-- Not one row: empties the staging partition of {as_of}, left by a scoring that died.
ALTER TABLE scores_staging DROP PARTITION {as_of:Date}
