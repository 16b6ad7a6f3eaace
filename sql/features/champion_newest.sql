-- One row: the latest date for which {program} has a registered model, and how many dates have one.
SELECT max(as_of) AS as_of, count() AS dates
FROM champions
WHERE program = {program:String}
