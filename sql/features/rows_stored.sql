-- One row per stored feature row of {program}'s {purpose} for {as_of}, in a fixed order.
SELECT *
FROM feature_rows
WHERE program = {program:String} AND as_of = {as_of:Date} AND purpose = {purpose:String}
ORDER BY campaign, person
