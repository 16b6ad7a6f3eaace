-- One row per description that says how its campaign's effect is to be measured: by which design, goal
-- metrics and guardrails, up to when, with how many people. The first that was recorded applies.
CREATE VIEW IF NOT EXISTS campaign_measurements AS
SELECT
    campaign,
    source,
    time,
    JSONExtractRaw(description, 'measurement') AS measurement,
    JSONExtractString(measurement, 'design') AS design, -- fixed, group-sequential, always-valid
    JSONExtract(measurement, 'goals', 'Array(String)') AS goals,
    JSONExtract(measurement, 'guardrails', 'Array(String)') AS guardrails,
    JSONExtract(measurement, 'people', 'Nullable(Int64)') AS people, -- planned, of all arms
    parseDateTime64BestEffortOrNull(JSONExtractString(measurement, 'end'), 6, 'UTC') AS end,
    JSONExtract(measurement, 'tuned_at', 'Nullable(Int64)') AS tuned_at, -- people who did it, both arms
    JSONExtract(measurement, 'smallest_lift', 'Nullable(Float64)') AS smallest_lift, -- a share
    arrived,
    partition,
    offset
FROM campaign_events FINAL
WHERE type = 'describe' AND JSONHas(description, 'measurement')
    AND JSONType(description, 'measurement') = 'Object'
