-- Not one row: empties the staging partition of {purpose} for {as_of}, left by a build that died.
ALTER TABLE feature_rows_staging DROP PARTITION ({as_of:Date}, {purpose:String})
