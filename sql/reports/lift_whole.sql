-- One row: what everyone bought of everything, in any campaign or none, since the campaign's first
-- assignment.
SELECT
    countIf(isNotNull(e.value)) AS purchases,
    sum(toInt128(ifNull(e.value, 0))) AS value_cents
FROM person_events AS e
CROSS JOIN
(
    SELECT minOrNull(time) AS begin
    FROM person_events
    WHERE campaign = {campaign:String} AND type = 'assignment'
) AS assigned
WHERE e.type = 'conversion' AND e.time >= assigned.begin
