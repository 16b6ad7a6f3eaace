-- What reach_days holds of some campaigns in a window of days, net of invalid traffic: suspects, who have
-- events that were judged, are taken out of every bitmap, and those of them with an event that counts are
-- put back. Where nobody is suspect, the bitmaps are as they are.
CREATE VIEW IF NOT EXISTS net_days AS
WITH
    (
        SELECT groupBitmapState(number)
        FROM invalid_events
        WHERE (empty({campaigns:Array(String)}) OR campaign IN {campaigns:Array(String)})
            AND kind != 'click'
    ) AS suspects,
    ifNull(nullIf((SELECT argMax(zone, since) FROM reach_zone), ''), 'UTC') AS zone
SELECT
    campaign,
    basis,
    paid,
    day,
    channel,
    format,
    creative,
    if(bitmapCardinality(suspects) = 0, d.people, bitmapAndnot(d.people, suspects)) AS people
FROM reach_days AS d
WHERE (empty({campaigns:Array(String)}) OR campaign IN {campaigns:Array(String)})
    AND day BETWEEN {begin:Date} AND {end:Date}
UNION ALL
SELECT campaign, basis, paid, day, channel, format, creative, groupBitmapState(number) AS people
FROM
(
    SELECT campaign, basis, paid, day, channel, format, creative, number
    FROM
    (
        SELECT
            *,
            multiIf(kind = 'contact', ['contacted'], viewable, ['served', 'viewable'], ['served']) AS bases
        FROM
        (
            SELECT
                campaign,
                kind,
                paid,
                toDate(time, zone) AS day,
                channel,
                format,
                creative,
                viewable,
                number,
                toInt64(1) AS times
            FROM traffic
            WHERE (empty({campaigns:Array(String)}) OR campaign IN {campaigns:Array(String)})
                AND kind IN ('contact', 'exposure')
                AND person IN
                (
                    SELECT person
                    FROM invalid_events
                    WHERE (empty({campaigns:Array(String)}) OR campaign IN {campaigns:Array(String)})
                        AND kind != 'click'
                )
            UNION ALL
            SELECT
                campaign,
                kind,
                paid,
                toDate(time, zone) AS day,
                channel,
                format,
                creative,
                viewable,
                number,
                -toInt64(counted) AS times
            FROM invalid_events
            WHERE (empty({campaigns:Array(String)}) OR campaign IN {campaigns:Array(String)})
                AND kind != 'click'
        )
        WHERE day BETWEEN {begin:Date} AND {end:Date}
    )
    ARRAY JOIN bases AS basis
    GROUP BY campaign, basis, paid, day, channel, format, creative, number
    HAVING sum(times) > 0
)
GROUP BY campaign, basis, paid, day, channel, format, creative
