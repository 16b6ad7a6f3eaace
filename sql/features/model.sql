-- One row: what the registry knows of the model {model_id}, and the SHA-256 of its file.
SELECT metadata, sha256
FROM models FINAL
WHERE model_id = {model_id:String}
