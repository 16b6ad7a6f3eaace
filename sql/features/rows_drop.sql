-- Not one row: removes the partition of {purpose} for {as_of}, when a build found nobody for it.
ALTER TABLE feature_rows DROP PARTITION ({as_of:Date}, {purpose:String})
