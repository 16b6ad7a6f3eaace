-- Not one row: puts the staged partition of {program}'s {purpose} for {as_of} in the old one's place, at
-- once.
ALTER TABLE feature_rows
    REPLACE PARTITION ({program:String}, {as_of:Date}, {purpose:String}) FROM feature_rows_staging
