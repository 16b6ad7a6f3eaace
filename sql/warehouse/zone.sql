-- One row, or none: the time zone of the days of reach, whether all events are counted in it, and whether
-- any are.
SELECT
    zone,
    is_complete,
    (SELECT count() FROM (SELECT 1 FROM reach_sums LIMIT 1)) = 0 AS is_empty
FROM reach_zone
ORDER BY since DESC
LIMIT 1
