-- One row per click of a day sooner after the advertisement was served than a hand can follow an eye, and
-- per exposure that begins while too many others of the person are in view.
-- version: 1
-- since: 2026-01-01
-- parameters: reaction_ms_min = 150, together_max = 8
-- reason: A person needs 150 ms to react to what they see, and has no more than 8 advertisements in view at once.
SELECT t.*
FROM traffic AS t
WHERE
    t.kind IN ('exposure', 'click')
    AND t.time >= {begin:DateTime64(6, 'UTC')}
    AND t.time < {end:DateTime64(6, 'UTC')}
    AND (t.campaign, t.kind, t.person, t.source, t.id) IN
    (
        SELECT campaign, 'click', person, source, id
        FROM
        (
            SELECT campaign, channel, creative, number, person, source, id, time
            FROM traffic
            WHERE
                kind = 'click'
                AND time >= {begin:DateTime64(6, 'UTC')}
                AND time < {end:DateTime64(6, 'UTC')}
        ) AS clicks
        ASOF INNER JOIN
        (
            SELECT campaign, channel, creative, number, time AS served
            FROM traffic
            WHERE
                kind = 'exposure'
                AND time >= {begin:DateTime64(6, 'UTC')} - toIntervalMillisecond({reaction_ms_min:UInt32})
                AND time < {end:DateTime64(6, 'UTC')}
        ) AS shown
        ON clicks.number = shown.number
            AND clicks.campaign = shown.campaign
            AND clicks.channel = shown.channel
            AND clicks.creative = shown.creative
            AND clicks.time >= shown.served
        WHERE time < served + toIntervalMillisecond({reaction_ms_min:UInt32})
        UNION ALL
        SELECT campaign, 'exposure', person, source, id
        FROM
        (
            SELECT
                campaign,
                person,
                source,
                id,
                is_begin,
                -- what ends at a moment is out of view before what begins at it
                sum(if(is_begin, 1, -1)) OVER (
                    PARTITION BY number ORDER BY moment, is_begin
                    RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
                ) AS together
            FROM
            (
                SELECT campaign, number, person, source, id, edge.1 AS is_begin, edge.2 AS moment
                FROM traffic
                ARRAY JOIN
                [
                    (true, time),
                    (false, time + toIntervalMillisecond(toInt64(least(ifNull(seconds, 0), 86400) * 1000)))
                ] AS edge
                WHERE
                    kind = 'exposure'
                    AND ifNull(seconds, 0) > 0
                    AND time >= {begin:DateTime64(6, 'UTC')} - toIntervalDay(1)
                    AND time < {end:DateTime64(6, 'UTC')}
            )
        )
        WHERE is_begin AND together > {together_max:UInt32}
    )
