-- One row per scope of campaigns on which the model {model_id} was evaluated; an id belongs to one
-- program.
SELECT *
FROM evaluations FINAL
WHERE model_id = {model_id:String}
ORDER BY scope
