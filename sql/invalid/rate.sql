-- One row per exposure or click of a day that is one of too many: of all those of a person and a campaign
-- that lie within some window_seconds together with it.
-- version: 1
-- since: 2026-01-01
-- parameters: exposures_max = 30, clicks_max = 15, window_seconds = 86400
-- reason: Nobody is shown one campaign more than 30 times, or clicks on it more than 15 times, within a day and a night.
SELECT crowd.* EXCEPT (at, before, most)
FROM
(
    SELECT
        *,
        max(before) OVER (
            PARTITION BY campaign, kind, number ORDER BY at
            RANGE BETWEEN CURRENT ROW AND {window_seconds:UInt32} FOLLOWING
        ) AS most
    FROM
    (
        SELECT
            *,
            toUnixTimestamp(time) AS at,
            count() OVER (
                PARTITION BY campaign, kind, number ORDER BY at
                RANGE BETWEEN {window_seconds:UInt32} PRECEDING AND CURRENT ROW
            ) AS before
        FROM traffic
        WHERE
            kind IN ('exposure', 'click')
            AND time >= {begin:DateTime64(6, 'UTC')} - toIntervalSecond({window_seconds:UInt32})
            AND time < {end:DateTime64(6, 'UTC')} + toIntervalSecond({window_seconds:UInt32})
            AND (campaign, kind, number) IN
            (
                SELECT campaign, kind, number
                FROM traffic
                WHERE
                    kind IN ('exposure', 'click')
                    AND time >= {begin:DateTime64(6, 'UTC')} - toIntervalSecond({window_seconds:UInt32})
                    AND time < {end:DateTime64(6, 'UTC')} + toIntervalSecond({window_seconds:UInt32})
                GROUP BY campaign, kind, number
                HAVING count() > if(kind = 'click', {clicks_max:UInt32}, {exposures_max:UInt32})
            )
    )
) AS crowd
WHERE
    time >= {begin:DateTime64(6, 'UTC')}
    AND time < {end:DateTime64(6, 'UTC')}
    AND most > if(kind = 'click', {clicks_max:UInt32}, {exposures_max:UInt32})
