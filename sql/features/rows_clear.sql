-- No row: empties the staging partition of {program}'s {purpose} for {as_of}, left by a build that
-- died.
ALTER TABLE feature_rows_staging DROP PARTITION ({program:String}, {as_of:Date}, {purpose:String})
