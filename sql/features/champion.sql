-- One row: the champion of {program} on {as_of}, the registered model of the latest date up to it.
SELECT program, as_of, model_id, reason, forced, registered_at
FROM champions FINAL
WHERE program = {program:String} AND as_of <= {as_of:Date}
ORDER BY as_of DESC
LIMIT 1
