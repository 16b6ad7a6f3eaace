-- One row a scope of campaigns on which the model {model_id} was judged.
SELECT *
FROM evaluations FINAL
WHERE model_id = {model_id:String}
ORDER BY scope
