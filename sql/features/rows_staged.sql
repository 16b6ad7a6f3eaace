-- One row: how many rows of {program}'s {purpose} for {as_of} are staged.
SELECT count() AS staged
FROM feature_rows_staging
WHERE program = {program:String} AND as_of = {as_of:Date} AND purpose = {purpose:String}
