-- One row per scored person of {program} on {as_of}, best first; equal scores by person.
SELECT person, score, model_id
FROM scores
WHERE program = {program:String} AND as_of = {as_of:Date}
ORDER BY score DESC, person
