-- One row, or none: the time zone in whose days reach is counted, and whether all events are.
SELECT zone, is_complete
FROM reach_zone
ORDER BY since DESC
LIMIT 1
