-- No row: replaces the partition of {program}'s {purpose} for {as_of} with the staged one,
-- atomically.
ALTER TABLE feature_rows
    REPLACE PARTITION ({program:String}, {as_of:Date}, {purpose:String}) FROM feature_rows_staging
