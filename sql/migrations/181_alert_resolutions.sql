-- One row each time somebody said that an alert is dealt with: who, and what was done. Rows are only
-- ever added; the first of an alert holds.
CREATE TABLE IF NOT EXISTS alert_resolutions
(
    alert String,
    resolved_by String,
    note String,
    resolved_at DateTime64(6, 'UTC')
)
ENGINE = MergeTree
ORDER BY (alert, resolved_at)
