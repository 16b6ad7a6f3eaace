-- One row each time a day (UTC) was judged, and by what: while nothing of that changes, neither do its
-- verdicts. The latest of a day holds.
CREATE TABLE IF NOT EXISTS invalid_days
(
    day Date,
    rules String, -- a digest of the rules, their lists and what was withdrawn
    seen String, -- how much of the days around was stored, and when the last of it arrived
    judged DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = MergeTree
ORDER BY (day, judged)
