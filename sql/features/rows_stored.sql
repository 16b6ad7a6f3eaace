-- One row a stored feature row of {purpose} for {as_of}, in a fixed order.
SELECT *
FROM feature_rows
WHERE as_of = {as_of:Date} AND purpose = {purpose:String}
ORDER BY campaign, person
