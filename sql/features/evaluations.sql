-- One row a scope of campaigns on which the model {model_id} was judged; an id is of one program.
SELECT *
FROM evaluations FINAL
WHERE model_id = {model_id:String}
ORDER BY scope
