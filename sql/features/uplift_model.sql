-- One row: what the registry knows of the model of uplift {model_id}, and the SHA-256 of its file.
SELECT metadata, sha256
FROM uplift_models FINAL
WHERE model_id = {model_id:String}
