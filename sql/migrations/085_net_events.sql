-- One row per contact or exposure of some campaigns that had arrived by `known`, with `times` 1, and, where
-- figures are `net`, one with `times` -1 for each that had been judged invalid by then.
CREATE VIEW IF NOT EXISTS net_events AS
SELECT
    campaign,
    type,
    number,
    time,
    channel,
    format,
    creative,
    pixels,
    seconds,
    paid,
    cost,
    toInt64(1) AS times
FROM campaign_events
WHERE campaign IN {campaigns:Array(String)}
    AND type IN ('contact', 'exposure')
    AND number != 0
    AND (
        {known:DateTime64(6, 'UTC')} >= toDateTime64('2200-01-01', 6, 'UTC')
        OR arrived <= {known:DateTime64(6, 'UTC')}
    )
UNION ALL
SELECT
    c.campaign,
    c.type,
    c.number,
    c.time,
    c.channel,
    c.format,
    c.creative,
    c.pixels,
    c.seconds,
    c.paid,
    c.cost,
    -i.invalid AS times
FROM campaign_events AS c
INNER JOIN
(
    SELECT campaign, kind, person, source, id, sum(toInt64(counted)) AS invalid
    FROM invalid_events
    WHERE {net:Bool}
        AND campaign IN {campaigns:Array(String)}
        AND kind != 'click'
        AND judged <= {known:DateTime64(6, 'UTC')}
    GROUP BY campaign, kind, person, source, id
    HAVING invalid != 0
) AS i ON i.campaign = c.campaign AND i.kind = c.type AND i.person = c.person
    AND i.source = c.source AND i.id = c.id
WHERE c.campaign IN {campaigns:Array(String)}
    AND c.type IN ('contact', 'exposure')
    AND c.number != 0
    AND c.person IN
    (
        SELECT person
        FROM invalid_events
        WHERE {net:Bool} AND campaign IN {campaigns:Array(String)} AND kind != 'click'
    )
    AND c.arrived <= {known:DateTime64(6, 'UTC')}
