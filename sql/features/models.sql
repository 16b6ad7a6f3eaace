-- One row per trained model, latest date first, and whether it is registered for its date.
SELECT
    m.model_id AS model_id,
    m.program AS program,
    m.as_of AS as_of,
    m.learner AS learner,
    m.rows AS rows,
    m.redeemers AS redeemers,
    length(m.campaigns) AS campaigns,
    JSONExtractString(m.metadata, 'trained_at') AS trained_at, -- the row's own is when it was last requested
    c.model_id = m.model_id AS registered
FROM models AS m FINAL
LEFT JOIN (SELECT program, as_of, model_id FROM champions FINAL) AS c
    ON c.program = m.program AND c.as_of = m.as_of
ORDER BY as_of DESC, m.trained_at DESC, model_id
