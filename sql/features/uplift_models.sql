-- One row a model of uplift, latest first.
SELECT model_id, program, learner, rows, sha256, trained_at
FROM uplift_models FINAL
ORDER BY trained_at DESC, model_id
