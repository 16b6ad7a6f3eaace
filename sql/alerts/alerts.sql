-- One row per alert, the latest first: what failed, what to do, and who dealt with it. `resolved_at` is
-- NULL while it is open.
SELECT
    raised.alert AS alert,
    raised.happened_at AS happened_at,
    raised.dag AS dag,
    raised.task AS task,
    raised.partition AS partition,
    raised.run AS run,
    raised.try AS try,
    raised.words AS words,
    raised.todo AS todo,
    done.resolved_at AS resolved_at,
    done.resolved_by AS resolved_by,
    done.note AS note
FROM (SELECT * FROM alerts FINAL) AS raised
LEFT JOIN
(
    SELECT
        alert,
        minOrNull(resolved_at) AS resolved_at,
        argMin(resolved_by, r.resolved_at) AS resolved_by,
        argMin(note, r.resolved_at) AS note
    FROM alert_resolutions AS r
    GROUP BY alert
) AS done ON done.alert = raised.alert
ORDER BY happened_at DESC, alert
