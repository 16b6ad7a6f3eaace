-- One row a scored person of {as_of}, the best first; equal scores by person.
SELECT person, score, model_id
FROM scores
WHERE as_of = {as_of:Date}
ORDER BY score DESC, person
