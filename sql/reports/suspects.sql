-- One row: whether any event of these campaigns was judged, or of any if none is named.
SELECT count() > 0 AS suspects
FROM
(
    SELECT 1
    FROM invalid_events
    WHERE (empty({campaigns:Array(String)}) OR campaign IN {campaigns:Array(String)}) AND kind != 'click'
    LIMIT 1
)
