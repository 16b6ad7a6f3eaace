-- No row: removes the partition of {program}'s {purpose} for {as_of} when a build found nobody for
-- it.
ALTER TABLE feature_rows DROP PARTITION ({program:String}, {as_of:Date}, {purpose:String})
