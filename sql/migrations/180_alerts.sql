-- One row a try of a scheduled task that failed for good: what failed, in words, and what to do. Rows
-- are only ever added; one that is added again by the same try is the same alert.
CREATE TABLE IF NOT EXISTS alerts
(
    alert String, -- its id, from the dag, task, run and try
    dag LowCardinality(String),
    task LowCardinality(String),
    partition String, -- of the DAG, such as 2026-12-01; '' where it has none
    run String, -- of Airflow
    try UInt32, -- of the task in that run, from 1
    words String, -- what failed
    todo String, -- what to do about it
    happened_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY alert
